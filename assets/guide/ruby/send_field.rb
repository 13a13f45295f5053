# Encrypts standard input and sends it as one field of a request. Ruby 3.0 or later.

require 'json'
require 'net/http'
require 'openssl'

# The key of the day this was written; after a rotation the program fetches the new one.
PUBLIC_KEY = '{{public_key}}'
FINGERPRINT = '{{fingerprint}}'
FIELD = '{{field}}'

API = ENV.fetch('FINCODE_API', 'https://api.example.com')
TOKEN = ENV.fetch('FINCODE_TOKEN_PROD', '')

# public_encrypt knows OAEP with SHA-1 only; encrypt takes each parameter by name.
OAEP = { 'rsa_padding_mode' => 'oaep', 'rsa_oaep_md' => 'sha256', 'rsa_mgf1_md' => 'sha256' }.freeze

def encrypt(text, public_key)
  key = OpenSSL::PKey::RSA.new(public_key.unpack1('m'))
  plaintext = text.encode(Encoding::UTF_8).b
  limit = key.n.num_bytes - 66
  if plaintext.bytesize > limit
    raise "#{FIELD} has #{plaintext.bytesize} bytes, and this key takes #{limit} at most"
  end

  [key.encrypt(plaintext, OAEP)].pack('m0')
end

def ask(request)
  request['X-Auth-Token'] = TOKEN
  uri = request.uri
  Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == 'https', read_timeout: 30) do |http|
    http.request(request)
  end
end

def fetch_key
  answer = ask(Net::HTTP::Get.new(URI("#{API}/v1/public-key")))
  raise "no public key: #{answer.code} #{answer.body}" unless answer.code == '200'

  JSON.parse(answer.body).values_at('base64', 'fingerprint')
end

def send_field(text, public_key, fingerprint)
  headers = { 'Content-Type' => 'application/json', 'X-Key-Fingerprint' => fingerprint }
  request = Net::HTTP::Post.new(URI("#{API}/profile"), headers)
  request.body = JSON.generate(FIELD => encrypt(text, public_key))
  ask(request)
end

def rotated?(answer)
  answer.code == '409' && answer.body.include?('"key_rotated"')
end

begin
  raise 'FINCODE_TOKEN_PROD is not set' if TOKEN.empty?

  text = $stdin.set_encoding(Encoding::UTF_8).read
  raise 'the text is not UTF-8' unless text.valid_encoding?

  answer = send_field(text, PUBLIC_KEY, FINGERPRINT)
  answer = send_field(text, *fetch_key) if rotated?(answer)
  raise "refused: #{answer.code} #{answer.body}" unless answer.is_a?(Net::HTTPSuccess)

  puts 'sent'
rescue StandardError => e
  abort e.message
end
