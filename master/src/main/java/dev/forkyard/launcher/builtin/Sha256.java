package dev.forkyard.launcher.builtin;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The line that {@code sha256sum FILE} prints. */
public final class Sha256 implements JobHandler<String, String> {

  private final byte[] buffer = new byte[64 << 10];

  @Override
  public String handle(String file, JobContext context)
      throws IOException, NoSuchAlgorithmException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    try (InputStream in = Inputs.open(file)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        digest.update(buffer, 0, count);
      }
    }
    String escaped = file.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
    String mark = escaped.equals(file) ? "" : "\\";
    return mark + HexFormat.of().formatHex(digest.digest()) + "  " + escaped;
  }
}
