import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.Locale;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Calls the DIP's API with nothing but the JDK: VERB URL BODY PFX PASSWORD CA KEY. */
public final class Call {
    public static void main(String[] words) throws Exception {
        String verb = words[0], url = words[1], body = words[2], apiKey = words[6];
        char[] password = words[4].toCharArray();
        KeyStore own = KeyStore.getInstance("PKCS12");
        own.load(Files.newInputStream(Path.of(words[3])), password);
        String alias = own.aliases().nextElement();
        Certificate certificate = own.getCertificate(alias);
        PrivateKey key = (PrivateKey) own.getKey(alias, password);

        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        byte[] authority = Files.readAllBytes(Path.of(words[5]));
        trusted.setCertificateEntry("ca", CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(authority)));
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(own, password);
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(keys.getKeyManagers(), trust.getTrustManagers(), null);

        Base64.Encoder base64 = Base64.getEncoder();
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        String hash = base64.encodeToString(MessageDigest.getInstance("SHA-256").digest(bytes));
        String date = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
            .withZone(ZoneOffset.UTC).format(Instant.now());
        String text = String.join(";", verb, url.toLowerCase(Locale.ROOT), date, hash);
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initSign(key);
        signature.update(text.getBytes(StandardCharsets.UTF_8));
        String pem = "-----BEGIN CERTIFICATE-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate.getEncoded())
            + "\n-----END CERTIFICATE-----\n";

        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
            .method(verb, body.isEmpty() ? HttpRequest.BodyPublishers.noBody()
                : HttpRequest.BodyPublishers.ofString(body))
            .header("Content-Type", "application/json")
            .header("X-API-KEY", apiKey)
            .header("X-DIP-Signature", base64.encodeToString(signature.sign()))
            .header("X-DIP-Signature-Date", date)
            .header("X-DIP-Content-Hash", hash)
            .header("X-DIP-Signature-Certificate", base64.encodeToString(pem.getBytes(StandardCharsets.US_ASCII)))
            .build();
        HttpResponse<String> response = HttpClient.newBuilder().sslContext(tls).build()
            .send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(response.statusCode() + " " + response.body());
    }
}
