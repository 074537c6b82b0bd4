# What the factory makes, as a type checker sees it (there is no such module at run time).
# pyright looks at the constructor of what __new__ returns, with the arguments of the factory's
# call. Those are checked before, and have `method` among them, which no constructor takes.
from typing import Any

from evercreds.methods import custom, sts
from evercreds.methods.iot import x509

class STSRefreshableSession(sts.STSRefreshableSession):
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

class CustomRefreshableSession(custom.CustomRefreshableSession):
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

class IOTX509RefreshableSession(x509.IOTX509RefreshableSession):
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
