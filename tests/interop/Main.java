import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;

/** Reads a Base64 public key and Base64 plaintexts, a line each; prints "variant ciphertext" lines. */
class Main {
    static final String NAME = "RSA/ECB/OAEPWithSHA-256AndMGF1Padding";

    public static void main(String[] arguments) throws Exception {
        var input = new BufferedReader(new InputStreamReader(System.in));
        byte[] der = Base64.getDecoder().decode(input.readLine());
        PublicKey key = KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(der));
        var explicit =
            new OAEPParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT);
        for (String line; (line = input.readLine()) != null; ) {
            byte[] plaintext = Base64.getDecoder().decode(line);
            Cipher plain = Cipher.getInstance(NAME);
            plain.init(Cipher.ENCRYPT_MODE, key);
            System.out.println("sha1 " + Base64.getEncoder().encodeToString(plain.doFinal(plaintext)));
            Cipher spelled = Cipher.getInstance(NAME);
            spelled.init(Cipher.ENCRYPT_MODE, key, explicit);
            System.out.println("sha256 " + Base64.getEncoder().encodeToString(spelled.doFinal(plaintext)));
        }
    }
}
