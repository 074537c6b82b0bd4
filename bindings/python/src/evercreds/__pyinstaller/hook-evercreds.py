"""What PyInstaller cannot see of the package: the library that ctypes loads, or the module."""

from PyInstaller.utils.hooks import (  # pyright: ignore[reportMissingImports]
    collect_data_files,
    collect_dynamic_libs,
)

binaries = collect_dynamic_libs("evercreds")
datas = collect_data_files("evercreds", subdir="_native")
