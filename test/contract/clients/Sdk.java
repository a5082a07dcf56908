import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Does what the Java SDK of the old API does: signs with a,b,k,t,e and no random number, sends url as JSON and a picture as multipart
 * with a boundary that starts with many dashes.
 *
 * <p>Usage: java Sdk.java BASE APPID SECRET_ID SECRET_KEY MODE PICTURE URL; prints the status and the body.
 */
public final class Sdk {
  private static String sign(String appid, String secretId, String secretKey) throws Exception {
    long now = System.currentTimeMillis() / 1000;
    String plain =
        "a=" + appid + "&b=bucket&k=" + secretId + "&t=" + now + "&e=" + (now + 2592000);
    Mac mac = Mac.getInstance("HmacSHA1");
    mac.init(new SecretKeySpec(secretKey.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.write(mac.doFinal(plain.getBytes(StandardCharsets.UTF_8)));
    both.write(plain.getBytes(StandardCharsets.UTF_8));
    return Base64.getEncoder().encodeToString(both.toByteArray());
  }

  private static byte[] multipart(String boundary, String appid, byte[] picture) throws Exception {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    String start = "\r\n--" + boundary + "\r\nContent-Disposition: form-data; name=";
    body.write((start + "\"appid\"\r\n\r\n" + appid).getBytes(StandardCharsets.UTF_8));
    body.write((start + "\"bucket\"\r\n\r\nbucket").getBytes(StandardCharsets.UTF_8));
    String file = "\"image\"; filename=\"selfie.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n";
    body.write((start + file).getBytes(StandardCharsets.UTF_8));
    body.write(picture);
    body.write(("\r\n--" + boundary + "--\r\n").getBytes(StandardCharsets.UTF_8));
    return body.toByteArray();
  }

  public static void main(String[] args) throws Exception {
    String appid = args[1];
    URI target = URI.create(args[0] + "/face/livedetectpicture");
    HttpURLConnection call = (HttpURLConnection) target.toURL().openConnection();
    call.setRequestMethod("POST");
    call.setDoOutput(true);
    call.setRequestProperty("Accept", "*/*");
    call.setRequestProperty("Connection", "Keep-Alive");
    call.setRequestProperty("User-Agent", "image-java-sdk-v2.0");
    call.setRequestProperty("Authorization", sign(appid, args[2], args[3]));
    byte[] body;
    if (args[4].equals("url")) {
      call.setRequestProperty("Content-Type", "application/json");
      String json = "{\"appid\":\"" + appid + "\",\"url\":\"" + args[6] + "\"}";
      body = json.getBytes(StandardCharsets.UTF_8);
    } else {
      String boundary = "---------------------------" + System.currentTimeMillis();
      call.setRequestProperty("Content-Type", "multipart/form-data; boundary=" + boundary);
      body = multipart(boundary, appid, Files.readAllBytes(Path.of(args[5])));
    }
    try (OutputStream out = call.getOutputStream()) {
      out.write(body);
    }
    int status = call.getResponseCode();
    try (InputStream in = status < 400 ? call.getInputStream() : call.getErrorStream()) {
      System.out.println(status + " " + new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }
}
