package dev.forkyard.benchmarks.soak;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The notes of one process, in a file of its own that is only appended to: each is one write, so
 * what was noted stays, however the process ends. A stream and not a channel, which an interrupted
 * thread would close.
 */
final class Ledger implements AutoCloseable {

  /** Tells every process of a soak the directory of its ledgers, and by that who belongs to it. */
  static final String VARIABLE = "FORKYARD_SOAK";

  private static final String SUFFIX = ".ledger";
  private static final int BYTES = 24;
  private static final Note.What[] KINDS = Note.What.values();

  private final FileOutputStream file;

  private Ledger(FileOutputStream file) {
    this.file = file;
  }

  /** The ledger of a process that a soak started. */
  static Ledger ofThisProcess() throws IOException {
    String directory = System.getenv(VARIABLE);
    if (directory == null) {
      throw new IOException(VARIABLE + " is not set, so this is no process of a soak");
    }
    return in(Path.of(directory));
  }

  static Ledger in(Path directory) throws IOException {
    Path path = directory.resolve(ProcessHandle.current().pid() + SUFFIX);
    return new Ledger(new FileOutputStream(path.toFile(), true));
  }

  void note(long job, Note.What what, int detail) {
    byte[] bytes =
        ByteBuffer.allocate(BYTES)
            .putLong(job)
            .putInt(what.ordinal())
            .putInt(detail)
            .putLong(System.nanoTime())
            .array();
    try {
      file.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("the ledger can't be written to", e);
    }
  }

  /** Reads all ledgers of a directory and removes them. */
  static void take(Path directory, Consumer<Note> to) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(each -> each.toString().endsWith(SUFFIX)).toList()) {
        read(file, to);
        Files.delete(file);
      }
    }
  }

  private static void read(Path file, Consumer<Note> to) throws IOException {
    ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file));
    if (all.remaining() % BYTES != 0) {
      throw new IOException(file + " ends within a note");
    }
    while (all.hasRemaining()) {
      to.accept(new Note(all.getLong(), KINDS[all.getInt()], all.getInt(), all.getLong()));
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
