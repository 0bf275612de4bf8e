package dev.forkyard.launcher.builtin;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Opens the files that handlers are given. */
final class Inputs {

  private Inputs() {}

  static InputStream open(String name) throws IOException {
    try {
      Path file = Path.of(name);
      if (Files.isDirectory(file)) {
        throw new IOException(name + " is a directory");
      }
      return Files.newInputStream(file);
    } catch (NoSuchFileException e) {
      throw new IOException("there is no file " + name, e);
    } catch (AccessDeniedException e) {
      throw new IOException(name + " must not be read by this user", e);
    } catch (InvalidPathException e) {
      throw new IOException("\"" + name + "\" can't be a file's name: " + e.getReason(), e);
    }
  }
}
