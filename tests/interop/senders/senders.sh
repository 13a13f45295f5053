# Reads a Base64 public key and a Base64 plaintext, a line each; prints "sender ciphertext" lines.
set -eu
place=$(mktemp -d)
trap 'rm -r "$place"' EXIT
read -r der
read -r text
{ echo '-----BEGIN PUBLIC KEY-----'; echo "$der" | fold -w 64; echo '-----END PUBLIC KEY-----'; } >"$place/key.pem"
echo "$text" | base64 -d >"$place/text"
{ cat "$place/text"; echo; } >"$place/echoed"

say() { # SENDER FILE OPTION...
    sender=$1 file=$2
    shift 2
    printf '%s ' "$sender"
    openssl pkeyutl -encrypt -pubin -inkey "$place/key.pem" -in "$place/$file" "$@" | base64 -w 0
    echo
}

say pkeyutl text
say pkeyutl-oaep text -pkeyopt rsa_padding_mode:oaep
say pkeyutl-oaep-256 text -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256
say pkeyutl-oaep-mgf1 text -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha1
say pkeyutl-echo echoed -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256
