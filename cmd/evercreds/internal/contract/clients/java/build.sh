#!/bin/sh
# Builds the client of AWS's SDK for Java into DIR: the libraries that pom.xml names, whose
# bytes must be those of jars.sha256, the class, and a program DIR/client.
set -eu
dir=$1
cd -- "$(dirname -- "$0")"
mkdir -p "$dir/jars" "$dir/classes"
mvn --batch-mode --no-transfer-progress --quiet dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$dir/jars"
sums=$PWD/jars.sha256
(cd "$dir/jars" && sha256sum --check --quiet --strict "$sums")
javac -cp "$dir/jars/*" -d "$dir/classes" src/Client.java
# The least of a virtual machine, since each case starts one.
cat >"$dir/client" <<END
#!/bin/sh
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '$dir/classes:$dir/jars/*' Client "\$@"
END
chmod +x "$dir/client"
