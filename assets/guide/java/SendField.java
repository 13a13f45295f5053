import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;

/** Encrypts standard input and sends it as one field of a request. */
public class SendField {
    // The key of the day this was written; after a rotation the program fetches the new one.
    static final String PUBLIC_KEY = "{{public_key}}";
    static final String FINGERPRINT = "{{fingerprint}}";
    static final String FIELD = "{{field}}";

    static final String API = System.getenv().getOrDefault("FINCODE_API", "https://api.example.com");
    static final String TOKEN = System.getenv("FINCODE_TOKEN_PROD");
    static final HttpClient HTTP = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

    // Java's default for this name is MGF1 with SHA-1: say SHA-256 for both.
    static final OAEPParameterSpec OAEP =
        new OAEPParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT);

    record Key(RSAPublicKey rsa, String fingerprint) {
        static Key of(String base64, String fingerprint) throws GeneralSecurityException {
            byte[] der = Base64.getDecoder().decode(base64);
            var rsa = (RSAPublicKey) KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(der));
            return new Key(rsa, fingerprint);
        }

        String encrypt(String text) throws GeneralSecurityException {
            byte[] plaintext = text.getBytes(StandardCharsets.UTF_8);
            int limit = rsa.getModulus().bitLength() / 8 - 66;
            if (plaintext.length > limit) {
                throw new IllegalArgumentException(
                    FIELD + " has " + plaintext.length + " bytes, and this key takes " + limit + " at most");
            }
            Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPWithSHA-256AndMGF1Padding");
            cipher.init(Cipher.ENCRYPT_MODE, rsa, OAEP);
            return Base64.getEncoder().encodeToString(cipher.doFinal(plaintext));
        }
    }

    static Key fetchKey() throws IOException, InterruptedException, GeneralSecurityException {
        HttpResponse<String> answer = HTTP.send(request("/v1/public-key").build(), BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException("no public key: " + answer.statusCode() + " " + answer.body());
        }
        return Key.of(member(answer.body(), "base64"), member(answer.body(), "fingerprint"));
    }

    static HttpResponse<String> send(String text, Key key)
            throws IOException, InterruptedException, GeneralSecurityException {
        String body = "{\"" + FIELD + "\":\"" + key.encrypt(text) + "\"}";
        HttpRequest request = request("/profile")
            .header("Content-Type", "application/json; charset=utf-8")
            .header("X-Key-Fingerprint", key.fingerprint())
            .POST(BodyPublishers.ofString(body, StandardCharsets.UTF_8))
            .build();
        return HTTP.send(request, BodyHandlers.ofString(StandardCharsets.UTF_8));
    }

    static HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(API + path))
            .timeout(Duration.ofSeconds(30))
            .header("X-Auth-Token", TOKEN);
    }

    // The JDK has no JSON parser; these two values never hold an escape. With a library of yours, use that.
    static String member(String json, String name) throws IOException {
        Matcher found = Pattern.compile("\"" + name + "\"\\s*:\\s*\"([^\"]*)\"").matcher(json);
        if (!found.find()) {
            throw new IOException("the answer has no " + name);
        }
        return found.group(1);
    }

    public static void main(String[] arguments) throws InterruptedException {
        try {
            if (TOKEN == null || TOKEN.isEmpty()) {
                throw new IllegalStateException("FINCODE_TOKEN_PROD is not set");
            }
            String text = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
            HttpResponse<String> answer = send(text, Key.of(PUBLIC_KEY, FINGERPRINT));
            if (answer.statusCode() == 409 && answer.body().contains("\"key_rotated\"")) {
                answer = send(text, fetchKey());
            }
            if (answer.statusCode() / 100 != 2) {
                throw new IOException("refused: " + answer.statusCode() + " " + answer.body());
            }
            System.out.println("sent");
        } catch (IOException | GeneralSecurityException | IllegalArgumentException | IllegalStateException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }
}
