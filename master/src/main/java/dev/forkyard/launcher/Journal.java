package dev.forkyard.launcher;

import dev.forkyard.launcher.BatchEvent.JobEnd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Which inputs are done: a file with a line for each, the beginning of a digest of handler and
 * input. A batch that was broken off goes on behind it: inputs that stand there are skipped, as
 * often as they do.
 *
 * <p>A line is written when the result has left this program. So none is skipped whose result did
 * not, but the last results before a kill may come out once more.
 */
final class Journal implements AutoCloseable {

  private static final int DIGITS = 16;
  private static final int LINE_BYTES = DIGITS + 1;
  private static final int LINES_AT_ONCE = 1_000;

  private final String handler;
  private final FileChannel file;
  private final ByteBuffer pending = ByteBuffer.allocate(LINES_AT_ONCE * LINE_BYTES);

  /** Each once, sorted; beside them how often they are still to be skipped. */
  private final long[] done;

  private final int[] left;
  private volatile long skipped;

  private Journal(String handler, FileChannel file, long[] sorted) {
    this.handler = handler;
    this.file = file;
    this.done = Arrays.stream(sorted).distinct().toArray();
    this.left = new int[done.length];
    for (int i = 0, at = 0; i < sorted.length; i++) {
      at += sorted[i] == done[at] ? 0 : 1;
      left[at]++;
    }
  }

  /**
   * Opens the file, or makes it.
   *
   * @throws LauncherException if it can't be opened, is another run's at the moment, or no journal
   */
  static Journal open(Path path, String handler) {
    FileChannel file = null;
    try {
      file =
          FileChannel.open(
              path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      if (file.tryLock() == null) {
        throw wrong(path, "another run uses it at the moment", null);
      }
      byte[] bytes = Channels.newInputStream(file).readAllBytes();
      // The last line may have been broken off.
      int lines = bytes.length / LINE_BYTES;
      long[] digests = sorted(bytes, lines);
      file.truncate((long) lines * LINE_BYTES).position((long) lines * LINE_BYTES);
      return new Journal(handler, file, digests);
    } catch (IllegalArgumentException e) {
      closeQuietly(file);
      throw wrong(path, "it is no journal of such a run; name a new file", e);
    } catch (IOException e) {
      closeQuietly(file);
      throw wrong(path, why(e), e);
    } catch (LauncherException e) {
      closeQuietly(file);
      throw e;
    }
  }

  private static long[] sorted(byte[] bytes, int lines) {
    long[] digests = new long[lines];
    for (int i = 0; i < lines; i++) {
      String line = new String(bytes, i * LINE_BYTES, LINE_BYTES, StandardCharsets.ISO_8859_1);
      if (line.charAt(DIGITS) != '\n') {
        throw new IllegalArgumentException("line " + (i + 1) + " is too long");
      }
      digests[i] = HexFormat.fromHexDigitsToLong(line, 0, DIGITS);
    }
    Arrays.sort(digests);
    return digests;
  }

  /** The messages of some are the mere path. */
  private static String why(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "there is no such directory";
    }
    return e instanceof AccessDeniedException
        ? "permission denied"
        : String.valueOf(e.getMessage());
  }

  private static LauncherException wrong(Path path, String why, @Nullable Exception cause) {
    String message = "can't keep the journal " + OneLine.quoted(path.toString()) + ": " + why;
    return new LauncherException(Launcher.WRONG_USAGE, message, cause);
  }

  private static void closeQuietly(@Nullable FileChannel file) {
    try {
      if (file != null) {
        file.close();
      }
    } catch (IOException e) {
      // What went wrong before is told.
    }
  }

  /** The inputs that are not done yet; used by the thread that reads alone. */
  InputSource remaining(InputSource all) {
    return () -> {
      Input input = all.next();
      while (input != null && input.problem() == null && isDone(input)) {
        skipped++;
        input = all.next();
      }
      return input;
    };
  }

  private boolean isDone(Input input) {
    int at = done.length == 0 ? -1 : Arrays.binarySearch(done, digest(input));
    return at >= 0 && left[at]-- > 0;
  }

  /** How many inputs were done before. */
  long skipped() {
    return skipped;
  }

  /** Notes what is printed there and succeeded; used by the thread that prints alone. */
  ResultPrinter noting(ResultPrinter printer) {
    return new ResultPrinter() {
      @Override
      public void print(JobEnd end) throws IOException {
        printer.print(end);
        if (end.error() == null) {
          String digits = HexFormat.of().toHexDigits(digest(end.input()));
          pending.put((digits + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        if (!pending.hasRemaining()) {
          flush();
        }
      }

      @Override
      public void flush() throws IOException {
        printer.flush();
        write();
      }
    };
  }

  private void write() {
    pending.flip();
    try {
      while (pending.hasRemaining()) {
        file.write(pending);
      }
    } catch (IOException e) {
      throw new LauncherException(
          Launcher.JOB_FAILED, "can't write the journal: " + e.getMessage(), e);
    }
    pending.clear();
  }

  private long digest(Input input) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(handler.getBytes(StandardCharsets.UTF_8));
      sha.update((byte) 0);
      return ByteBuffer.wrap(sha.digest(input.text().getBytes(StandardCharsets.UTF_8))).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    closeQuietly(file);
  }
}
