#!/bin/sh
# Fetches every fixed file of a round and checks each against the SHA-256 of the round's list.
#
#     sh download.sh https://budget.example.org spring-2027 FOLDER
#
# Needs curl, sha256sum, and python3 to read JSON (jq would do as well).
set -eu
service=$1 slug=$2 folder=$3
mkdir -p "$folder"
cd "$folder"
curl --fail --silent --show-error --output index.json "$service/data/$slug/index.json"
python3 -c '
import json
for file in json.load(open("index.json"))["files"]:
    if not file["changes"]:
        print(file["sha256"], file["href"], file["href"].strip("/").replace("/", "-"))
' > wanted
while read -r sum href name; do
    curl --fail --silent --show-error --output "$name" "$service$href"
    echo "$sum  $name"
done < wanted > SHA256SUMS
sha256sum --check SHA256SUMS
