package example;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.nio.charset.StandardCharsets;

/**
 * Counts words with the C library's {@code strtok}, which keeps what it is at in one variable for
 * the whole process: two threads at once spoil each other's work, two processes do not.
 */
public final class Tokens implements JobHandler<String, Integer> {

  private final Function strtok = NativeLibrary.getInstance(null).getFunction("strtok");

  @Override
  public Integer handle(String text, JobContext context) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int count = 0;
    try (Memory string = new Memory(bytes.length + 1)) {
      string.write(0, bytes, 0, bytes.length);
      string.setByte(bytes.length, (byte) 0);
      Pointer token = strtok.invokePointer(new Object[] {string, " "});
      while (token != null) {
        count++;
        token = strtok.invokePointer(new Object[] {null, " "});
      }
    }
    return count;
  }
}
