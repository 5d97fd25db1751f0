#!/bin/sh
# Computes the known answers beside this file with the openssl command line alone.
#
#   sh make_vectors.sh < cases.tsv > vectors.tsv
#
# A case has five columns divided by tabs: name, verb, URL as it is signed, date, body. The
# answer adds two: content hash and signature. RSA PKCS#1 v1.5 leaves nothing to chance, so
# that the same key gives the same signatures again. The key and its certificate were made by
#   openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem \
#       -subj "/C=GB/O=Super Energy Co/CN=dip.superenergy.example" -days 36500
set -eu
folder=$(dirname "$0")
tab=$(printf '\t')
# A tab is white space, of which read would swallow two in a row: an empty body stands last.
while IFS="$tab" read -r name verb url date body; do
    hash=$(printf '%s' "$body" | openssl dgst -sha256 -binary | openssl base64 -A)
    low=$(printf '%s' "$url" | tr '[:upper:]' '[:lower:]')
    signature=$(printf '%s;%s;%s;%s' "$verb" "$low" "$date" "$hash" |
        openssl dgst -sha256 -sign "$folder/key.pem" | openssl base64 -A)
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
        "$name" "$verb" "$url" "$date" "$body" "$hash" "$signature"
done
