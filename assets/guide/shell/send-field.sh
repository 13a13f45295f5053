#!/bin/sh
# Encrypts standard input and sends it as one field of a request. Needs openssl 1.1 or later, and curl.
set -eu

# The key of the day this was written; after a rotation the program fetches the new one.
public_key='{{public_key}}'
fingerprint='{{fingerprint}}'
field='{{field}}'

api=${FINCODE_API:-https://api.example.com}
: "${FINCODE_TOKEN_PROD:?is not set}"

umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail() { echo "$*" >&2; exit 1; }

# The token goes to curl through its standard input: other accounts can read a program's arguments.
request() { # PATH [curl's arguments]: prints the status, and leaves the body in $work/answer
    path=$1
    shift
    printf 'header = "X-Auth-Token: %s"\n' "$FINCODE_TOKEN_PROD" |
        curl --silent --show-error --max-time 30 --config - --output "$work/answer" --write-out '%{http_code}' \
            "$@" "$api$path"
}

member() { sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" "$work/answer"; }

fetch_key() {
    status=$(request /v1/public-key)
    [ "$status" = 200 ] || fail "no public key: $status $(cat "$work/answer")"
    public_key=$(member base64)
    fingerprint=$(member fingerprint)
}

encrypt() {
    printf '%s' "$public_key" | openssl base64 -d -A | openssl pkey -pubin -inform DER -out "$work/key.pem"
    bits=$(openssl pkey -pubin -in "$work/key.pem" -noout -text | sed -n 's/.*Public-Key: (\([0-9]*\) bit).*/\1/p')
    limit=$((bits / 8 - 66))
    length=$(($(wc -c <"$work/text")))
    [ "$length" -le "$limit" ] || fail "$field has $length bytes, and this key takes $limit at most"
    # Both hashes are named: openssl takes SHA-1 otherwise.
    openssl pkeyutl -encrypt -pubin -inkey "$work/key.pem" -in "$work/text" -pkeyopt rsa_padding_mode:oaep \
        -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256 -out "$work/ciphertext"
    printf '{"%s":"%s"}' "$field" "$(openssl base64 -A -in "$work/ciphertext")" >"$work/body"
}

send() {
    encrypt
    status=$(request /profile --header 'Content-Type: application/json' \
        --header "X-Key-Fingerprint: $fingerprint" --data-binary "@$work/body")
}

cat >"$work/text"
iconv -f UTF-8 -t UTF-8 "$work/text" >/dev/null 2>&1 || fail 'the text is not UTF-8'
send
if [ "$status" = 409 ] && [ "$(member code)" = key_rotated ]; then
    fetch_key
    send
fi
case $status in
    2??) echo sent ;;
    *) fail "refused: $status $(cat "$work/answer")" ;;
esac
