// Encrypts standard input and sends it as one field of a request.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
	"unicode/utf8"
)

// The key of the day this was written; after a rotation the program fetches the new one.
const (
	publicKey   = "{{public_key}}"
	fingerprint = "{{fingerprint}}"
	field       = "{{field}}"
)

var (
	api    = "https://api.example.com"
	token  = os.Getenv("FINCODE_TOKEN_PROD")
	client = &http.Client{Timeout: 30 * time.Second}
)

type key struct {
	Base64      string `json:"base64"`
	Fingerprint string `json:"fingerprint"`
}

func (k key) encrypt(plaintext []byte) (string, error) {
	der, err := base64.StdEncoding.DecodeString(k.Base64)
	if err != nil {
		return "", err
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return "", err
	}
	public, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return "", errors.New("the public key is not an RSA key")
	}
	if limit := public.Size() - 66; len(plaintext) > limit {
		return "", fmt.Errorf("%s has %d bytes, and this key takes %d at most", field, len(plaintext), limit)
	}
	// The hash of OAEP and of its MGF1; there is no label.
	ciphertext, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public, plaintext, nil)
	return base64.StdEncoding.EncodeToString(ciphertext), err
}

func ask(request *http.Request, err error) (int, []byte, error) {
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("X-Auth-Token", token)
	answer, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, body, err
}

func fetchKey() (k key, err error) {
	status, body, err := ask(http.NewRequest(http.MethodGet, api+"/v1/public-key", nil))
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("no public key: %d %s", status, body)
	}
	if err == nil {
		err = json.Unmarshal(body, &k)
	}
	return k, err
}

func send(plaintext []byte, k key) (int, []byte, error) {
	ciphertext, err := k.encrypt(plaintext)
	if err != nil {
		return 0, nil, err
	}
	body, err := json.Marshal(map[string]string{field: ciphertext})
	if err != nil {
		return 0, nil, err
	}
	request, err := http.NewRequest(http.MethodPost, api+"/profile", bytes.NewReader(body))
	if err == nil {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-Key-Fingerprint", k.Fingerprint)
	}
	return ask(request, err)
}

func isRotated(body []byte) bool {
	var answer struct {
		Error struct{ Code string }
	}
	return json.Unmarshal(body, &answer) == nil && answer.Error.Code == "key_rotated"
}

func run() error {
	if set := os.Getenv("FINCODE_API"); set != "" {
		api = set
	}
	if token == "" {
		return errors.New("FINCODE_TOKEN_PROD is not set")
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	if !utf8.Valid(text) {
		return errors.New("the text is not UTF-8")
	}
	status, body, err := send(text, key{publicKey, fingerprint})
	if err == nil && status == http.StatusConflict && isRotated(body) {
		var current key
		if current, err = fetchKey(); err == nil {
			status, body, err = send(text, current)
		}
	}
	if err != nil {
		return err
	}
	if status >= 300 {
		return fmt.Errorf("refused: %d %s", status, body)
	}
	fmt.Println("sent")
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
