# Reads a Base64 public key and a Base64 plaintext, a line each; prints "sender ciphertext" lines.
require "base64"
require "openssl"

der, text = $stdin.read.split("\n").map { |line| Base64.decode64(line) }
key = OpenSSL::PKey.read(der)
say = ->(sender, ciphertext) { puts "#{sender} #{Base64.strict_encode64(ciphertext)}" }

say.call("ruby", key.public_encrypt(text))
say.call("ruby-oaep", key.public_encrypt(text, OpenSSL::PKey::RSA::PKCS1_OAEP_PADDING))
right = key.encrypt(text, rsa_padding_mode: "oaep", rsa_oaep_md: "sha256", rsa_mgf1_md: "sha256")
say.call("ruby-oaep-256", right)
puts "ruby-encode64 #{Base64.encode64(right).gsub("\n", "\\n")}"
