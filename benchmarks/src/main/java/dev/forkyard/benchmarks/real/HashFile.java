package dev.forkyard.benchmarks.real;

import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;

/** The SHA-256 of the file of the given path. */
public final class HashFile implements JobHandler<String, String> {

  @Override
  public String handle(String path, JobContext context) throws Exception {
    return run(path);
  }

  static String run(String path) throws IOException, GeneralSecurityException {
    byte[] content = Files.readAllBytes(Path.of(path));
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
  }
}
