package dev.forkyard.benchmarks.measure;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A process that answers each line with a line. */
public final class LineProcess implements AutoCloseable {

  private final Process process;
  private final Writer in;
  private final BufferedReader out;

  private LineProcess(Process process) {
    this.process = process;
    this.in = process.outputWriter(StandardCharsets.UTF_8);
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Starts it. */
  public static LineProcess start(List<String> command) throws IOException {
    return new LineProcess(Jvm.start(command));
  }

  /** Sends a line. */
  public void say(String line) throws IOException {
    in.write(line + "\n");
    in.flush();
  }

  /** Waits for a line. */
  public String hear() throws IOException {
    String line = out.readLine();
    if (line == null) {
      throw new IOException("process " + process.pid() + " ended without an answer");
    }
    return line;
  }

  /** Its id. */
  public long pid() {
    return process.pid();
  }

  /** Ends its input, and waits until it has ended. */
  @Override
  public void close() throws IOException {
    in.close();
    process
        .onExit()
        .orTimeout(5, TimeUnit.SECONDS)
        .exceptionally(late -> process.destroyForcibly())
        .join();
  }
}
