"""A script for each operation that runs it with nothing but bash, openssl and curl."""

from typing import Any

from channels import wire
from channels.api.bodies import EXAMPLE_URL, JSON
from channels.calls import API_KEY

Json = dict[str, Any]
HEAD = """#!/usr/bin/env bash
# {operation_id}: {summary}.
#
# Needs openssl, curl, and in the environment:
#   DIP_ID        the ten digits of your DIP ID
#   DIP_API_KEY   its primary or secondary key
#   DIP_CERT      a PEM file with your certificate for mTLS, and DIP_KEY its key
# and as you like:
#   DIP_SIGNING_CERT, DIP_SIGNING_KEY  the same for signing, if they are others
#   DIP_API_URL   where the API is ({server})
#   DIP_CA        a PEM file of those who vouch for its TLS certificate
set -euo pipefail
: "${{DIP_ID:?}}" "${{DIP_API_KEY:?}}" "${{DIP_CERT:?}}" "${{DIP_KEY:?}}"
DIP_API_URL=${{DIP_API_URL:-{server}}}
"""
CHANNEL = "DIP_CHANNEL=${{DIP_CHANNEL:-PUB-036}}   # the publication\n"
WITH_BODY = """DIP_CALLBACK_URL=${{DIP_CALLBACK_URL:-{callback}}}   # where to deliver
body=$(printf '{{"callbackURL":"%s","maxMessageCount":100,"maxPayloadSize":1048576}}' \\
  "$DIP_CALLBACK_URL")
"""
REST = """
method={method}
url="$DIP_API_URL{path}"

# What is signed: METHOD;url-in-lower-case;date;content-hash
date=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
case $date in *N*) date=$(date -u +%Y-%m-%dT%H:%M:%S.$(printf %03d $((RANDOM % 1000)))Z) ;; esac
hash=$(printf %s "$body" | openssl dgst -sha256 -binary | openssl base64 -A)
canonical="$method;$(printf %s "$url" | tr '[:upper:]' '[:lower:]');$date;$hash"
signature=$(printf %s "$canonical" |
  openssl dgst -sha256 -sign "${{DIP_SIGNING_KEY:-$DIP_KEY}}" | openssl base64 -A)
certificate=$(openssl x509 -in "${{DIP_SIGNING_CERT:-$DIP_CERT}}" | openssl base64 -A)

# The headers come by standard input, so that no list of processes shows the key.
curl --silent --show-error --include --request "$method" "$url" \\
  --cert "$DIP_CERT" --key "$DIP_KEY" ${{DIP_CA:+--cacert "$DIP_CA"}} \\
{data}  --header @- <<HEADERS
{api_key}: $DIP_API_KEY
{names[3]}: $certificate
{names[1]}: $date
{names[2]}: $hash
{names[0]}: $signature
HEADERS
echo
"""


def script(*, method: str, path: str, operation: Json, server: str) -> str:
    """Return the bash script that does one operation of the document, at this server."""
    takes_body = "requestBody" in operation
    text = HEAD
    if "{id}" in path:
        text += CHANNEL
    text += WITH_BODY if takes_body else 'body=""\n'
    text += REST
    data = ""
    if takes_body:
        data = f'  --header "Content-Type: {JSON}" --data-binary "$body" \\\n'
    return text.format(
        operation_id=operation["operationId"],
        summary=operation["summary"],
        server=server,
        callback=EXAMPLE_URL,
        method=method.upper(),
        path=path.replace("{id}", "$DIP_CHANNEL").replace("{recipient-id}", "$DIP_ID"),
        data=data,
        api_key=API_KEY,
        names=wire.HEADERS,
    )
