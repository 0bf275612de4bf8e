package dev.forkyard.process;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A small shell process that outlives this JVM and kills the sessions of its children: each when it
 * is reaped, and all of them when this JVM is gone, even by {@code kill -9}.
 *
 * <p>It needs {@code sh}; without one, as on Windows, nothing is guarded, and children must see to
 * it by themselves that they end with their parent. A guard that was killed is replaced at its next
 * use.
 */
public final class ProcessGuard implements AutoCloseable {

  private static final int REAP_SECONDS = 5;
  private static final int CLOSE_SECONDS = 5;

  private final List<String> command;
  private final Set<Long> watched = ConcurrentHashMap.newKeySet();
  private final Map<Long, CompletableFuture<@Nullable Void>> reaping = new ConcurrentHashMap<>();
  private @Nullable Process shell;
  private boolean closed;

  private ProcessGuard(List<String> command) {
    this.command = command;
  }

  /**
   * Starts a guard.
   *
   * @param directory what it removes at the end; null is nothing
   */
  public static ProcessGuard start(@Nullable Path directory) throws IOException {
    ProcessGuard guard = new ProcessGuard(command(directory));
    synchronized (guard) {
      if (!guard.command.isEmpty()) {
        guard.startShell();
      }
    }
    return guard;
  }

  private static List<String> command(@Nullable Path directory) throws IOException {
    Path shell = find("sh");
    if (shell == null) {
      return List.of();
    }
    try (InputStream script = ProcessGuard.class.getResourceAsStream("guard.sh")) {
      if (script == null) {
        throw new IOException("guard.sh is missing beside " + ProcessGuard.class.getName());
      }
      List<String> command = new ArrayList<>(sessionPrefix());
      command.add(shell.toString());
      command.add("-c");
      command.add(new String(script.readAllBytes(), StandardCharsets.UTF_8));
      command.add("forkyard-guard");
      command.add(directory == null ? "" : directory.toString());
      return List.copyOf(command);
    }
  }

  /**
   * What makes a command the leader of a session of its own; empty where there is no such thing.
   */
  static List<String> sessionPrefix() {
    Path setsid = find("setsid");
    return setsid == null ? List.of() : List.of(setsid.toString());
  }

  private static @Nullable Path find(String program) {
    String path = System.getenv().getOrDefault("PATH", "");
    for (String directory :
        (path + ":/usr/bin:/bin").split(File.pathSeparator.equals(":") ? ":" : ";")) {
      Path file = directory.isEmpty() ? null : Path.of(directory).resolve(program);
      if (file != null && Files.isExecutable(file)) {
        return file;
      }
    }
    return null;
  }

  private void startShell() throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(new File("/"));
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    Process started = builder.start();
    shell = started;
    Thread reader = new Thread(() -> readAnswers(started), "forkyard-guard");
    reader.setDaemon(true);
    reader.start();
    for (long pid : watched) {
      write(started, "watch " + pid);
    }
    for (long pid : reaping.keySet()) {
      write(started, "reap " + pid);
    }
  }

  private void readAnswers(Process guard) {
    try (BufferedReader answers =
        new BufferedReader(
            new InputStreamReader(guard.getInputStream(), StandardCharsets.US_ASCII))) {
      for (String line = answers.readLine(); line != null; line = answers.readLine()) {
        if (line.startsWith("reaped ")) {
          reaped(Long.parseLong(line.substring("reaped ".length())));
        }
      }
    } catch (IOException | NumberFormatException e) {
      guard.destroyForcibly();
    }
    replace();
  }

  private void reaped(long pid) {
    watched.remove(pid);
    CompletableFuture<@Nullable Void> done = reaping.remove(pid);
    if (done != null) {
      done.complete(null);
    }
  }

  /** The guard's end was seen: unless it was meant, another one takes over. */
  private synchronized void replace() {
    if (!closed) {
      try {
        startShell();
      } catch (IOException e) {
        reaping.values().forEach(each -> each.complete(null));
        reaping.clear();
      }
    }
  }

  /** From now on the session that this process leads ends with this JVM. */
  public synchronized void watch(long pid) {
    watched.add(pid);
    tell("watch " + pid);
  }

  /** The process has ended: what is left of its session is no longer this guard's business. */
  synchronized void forget(long pid) {
    if (watched.remove(pid)) {
      tell("forget " + pid);
    }
  }

  /**
   * Sends a signal to a process that is alive, or with {@code group} to its whole process group.
   *
   * @param signal its name without SIG
   * @throws UnsupportedOperationException if there is no shell that could send it
   */
  synchronized void signal(String signal, long pid, boolean group) {
    if (command.isEmpty()) {
      throw new UnsupportedOperationException(
          "SIG" + signal + " can't be sent: this system has no sh");
    }
    tell("signal " + (group ? "-" : "") + pid + " " + signal);
  }

  /** Kills what is left of that session. The future completes when nobody is left, or after 5 s. */
  public CompletableFuture<@Nullable Void> reap(long pid) {
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    synchronized (this) {
      if (command.isEmpty() || closed) {
        watched.remove(pid);
        done.complete(null);
        return done;
      }
      reaping.put(pid, done);
      tell("reap " + pid);
    }
    return done.completeOnTimeout(null, REAP_SECONDS, TimeUnit.SECONDS);
  }

  private void tell(String line) {
    Process guard = shell;
    if (guard != null) {
      write(guard, line);
    }
  }

  private static void write(Process guard, String line) {
    try {
      OutputStream in = guard.getOutputStream();
      in.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
      in.flush();
    } catch (IOException gone) {
      // Its reader sees the end and starts another, which is told of all that is watched.
    }
  }

  /** Kills all that is watched, and waits for the guard to end. */
  @Override
  public void close() {
    Process guard;
    synchronized (this) {
      closed = true;
      guard = shell;
    }
    if (guard == null) {
      return;
    }
    try {
      guard.getOutputStream().close();
      if (!guard.waitFor(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        guard.destroyForcibly();
      }
    } catch (IOException e) {
      guard.destroyForcibly();
    } catch (InterruptedException e) {
      guard.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
