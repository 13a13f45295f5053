import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import javax.crypto.Cipher;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/** Reads a Base64 public key and a Base64 plaintext, a line each; prints "sender ciphertext" lines. */
class Senders {
    static PublicKey key;
    static byte[] text;

    public static void main(String[] arguments) throws Exception {
        var input = new BufferedReader(new InputStreamReader(System.in));
        byte[] der = Base64.getDecoder().decode(input.readLine());
        text = Base64.getDecoder().decode(input.readLine());
        key = KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(der));
        var bc = new BouncyCastleProvider();
        say("jce-oaep-256", Cipher.getInstance("RSA/ECB/OAEPWithSHA-256AndMGF1Padding"));
        say("jce-oaep", Cipher.getInstance("RSA/ECB/OAEPPadding"));
        say("jce-oaep-512", Cipher.getInstance("RSA/ECB/OAEPWithSHA-512AndMGF1Padding"));
        say("jce-rsa", Cipher.getInstance("RSA"));
        say("jce-no-padding", Cipher.getInstance("RSA/ECB/NoPadding"));
        say("bc-oaep-256", Cipher.getInstance("RSA/NONE/OAEPWithSHA256AndMGF1Padding", bc));
        say("bc-oaep", Cipher.getInstance("RSA/NONE/OAEPPadding", bc));
        say("bc-rsa", Cipher.getInstance("RSA/NONE/PKCS1Padding", bc));
        var rsa = (RSAPublicKey) key;
        byte[] number = new BigInteger(1, text).modPow(rsa.getPublicExponent(), rsa.getModulus()).toByteArray();
        System.out.println("jce-biginteger " + Base64.getEncoder().encodeToString(number));
        byte[] wrapped = encrypt(Cipher.getInstance("RSA/ECB/OAEPWithSHA-256AndMGF1Padding"));
        String lines = Base64.getMimeEncoder().encodeToString(wrapped).replace("\r\n", "\\n");
        System.out.println("jce-mime " + lines);
    }

    static byte[] encrypt(Cipher cipher) throws Exception {
        cipher.init(Cipher.ENCRYPT_MODE, key);
        return cipher.doFinal(text);
    }

    static void say(String sender, Cipher cipher) throws Exception {
        System.out.println(sender + " " + Base64.getEncoder().encodeToString(encrypt(cipher)));
    }
}
