import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Does what the Java SDK of the old API does: signs with a,b,k,t,e and no random number, sends a url as JSON and a picture as
 * multipart the way OkHttp writes it, each part with its own length. In mode "proxy" nothing is changed but the proxy: the
 * address is the old one.
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
    part(body, boundary, "form-data; name=\"appid\"", "", appid.getBytes(StandardCharsets.UTF_8));
    part(body, boundary, "form-data; name=\"bucket\"", "", "bucket".getBytes(StandardCharsets.UTF_8));
    String file = "form-data; name=\"image\"; filename=\"selfie.jpg\"";
    part(body, boundary, file, "Content-Type: image/jpg\r\n", picture);
    body.write(("--" + boundary + "--\r\n").getBytes(StandardCharsets.UTF_8));
    return body.toByteArray();
  }

  private static void part(
      ByteArrayOutputStream body, String boundary, String disposition, String type, byte[] content)
      throws Exception {
    String head = "--" + boundary + "\r\nContent-Disposition: " + disposition + "\r\n" + type;
    body.write((head + "Content-Length: " + content.length + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
    body.write(content);
    body.write("\r\n".getBytes(StandardCharsets.UTF_8));
  }

  public static void main(String[] args) throws Exception {
    String appid = args[1];
    URI base = URI.create(args[0]);
    boolean proxied = args[4].equals("proxy");
    Proxy proxy = new Proxy(Proxy.Type.HTTP, new InetSocketAddress(base.getHost(), base.getPort()));
    String host = proxied ? "http://recognition.image.myqcloud.com" : args[0];
    URI target = URI.create(host + "/face/livedetectpicture");
    HttpURLConnection call =
        (HttpURLConnection) target.toURL().openConnection(proxied ? proxy : Proxy.NO_PROXY);
    call.setRequestMethod("POST");
    call.setDoOutput(true);
    call.setRequestProperty("Accept", "*/*");
    call.setRequestProperty("Connection", "Keep-Alive");
    call.setRequestProperty("User-Agent", "image-java-sdk-v2.0");
    call.setRequestProperty("Authorization", sign(appid, args[2], args[3]));
    byte[] body;
    if (args[4].equals("url")) {
      call.setRequestProperty("Content-Type", "application/json; charset=utf-8");
      String json = "{\"appid\":\"" + appid + "\",\"url\":\"" + args[6] + "\"}";
      body = json.getBytes(StandardCharsets.UTF_8);
    } else {
      String boundary = UUID.randomUUID().toString();
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
