// Reads a Base64 public key and a Base64 plaintext, a line each; prints "sender ciphertext" lines.
package main

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"os"
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<20)
	line := func() []byte {
		input.Scan()
		return must(base64.StdEncoding.DecodeString(input.Text()))
	}
	key := must(x509.ParsePKIXPublicKey(line())).(*rsa.PublicKey)
	text := line()
	right := must(rsa.EncryptOAEP(sha256.New(), rand.Reader, key, text, nil))
	fmt.Println("go-oaep-256", base64.StdEncoding.EncodeToString(right))
	fmt.Println("go-raw-url", base64.RawURLEncoding.EncodeToString(right))
	fmt.Println("go-oaep-1", base64.StdEncoding.EncodeToString(must(rsa.EncryptOAEP(sha1.New(), rand.Reader, key, text, nil))))
	fmt.Println("go-pkcs1", base64.StdEncoding.EncodeToString(must(rsa.EncryptPKCS1v15(rand.Reader, key, text))))
}
