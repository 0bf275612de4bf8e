package dev.forkyard.process;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import dev.forkyard.protocol.FrameInput;
import dev.forkyard.worker.MessageChannel;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Starts JVMs with a message channel, and knows each of them when it connects. The token by which
 * it is known lies in a file of the private directory, which the child deletes: its standard input
 * is the program's own.
 */
final class Fork {

  private static final String MAIN = "dev.forkyard.worker.ForkMain";
  private static final int TOKEN_BYTES = 32;

  private static final AtomicLong LAST_ID = new AtomicLong();
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Map<Long, Expected> EXPECTED = new ConcurrentHashMap<>();

  /** Made at the first fork; its thread stays, and is a daemon. */
  private static @Nullable ForkServer server;

  private record Expected(
      byte[] token, MessageChannel channel, int maxFrameBytes, Callbacks callbacks)
      implements ForkServer.Guest {

    @Override
    public void serve(SocketChannel connection, FrameInput input) {
      try {
        channel.run(connection, input);
      } catch (RuntimeException | Error thrown) {
        // Most likely a message that the heap has no room for.
        Callbacks.report(thrown);
      } finally {
        callbacks.execute(channel::tellDisconnected);
      }
    }
  }

  private Fork() {}

  static ForkedProcess start(Class<?> mainClass, ForkOptions options, List<String> arguments) {
    String main = checked(mainClass).getName();
    long id = LAST_ID.incrementAndGet();
    byte[] token = new byte[TOKEN_BYTES];
    RANDOM.nextBytes(token);
    SpawnOptions.Builder how = SpawnOptions.builder();
    if (options.detached()) {
      how.detached();
    }
    List<String> command = new ArrayList<>();
    command.add(options.java().toString());
    command.addAll(options.jvmOptions());
    command.add("-cp");
    command.add(
        options.classPath().stream()
            .map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator)));
    command.add(MAIN);
    Path tokenFile = null;
    try {
      ForkServer listening = server();
      tokenFile = RuntimeDirectory.shared().path().resolve("t" + id);
      Files.createFile(tokenFile, RuntimeDirectory.ownersFile());
      Files.writeString(tokenFile, HexFormat.of().formatHex(token));
      command.addAll(
          List.of(
              listening.address(),
              Long.toString(id),
              tokenFile.toString(),
              options.detached() ? "detached" : "attached",
              main));
      command.addAll(arguments);
      return start(id, token, tokenFile, command, options, how.build());
    } catch (IOException e) {
      delete(tokenFile);
      throw new ProcessStartException(
          ProcessStartException.Reason.REFUSED, command, String.valueOf(e.getMessage()), e);
    }
  }

  private static Class<?> checked(Class<?> mainClass) {
    try {
      if (Modifier.isStatic(mainClass.getMethod("main", String[].class).getModifiers())) {
        return mainClass;
      }
    } catch (NoSuchMethodException e) {
      // Told below.
    }
    throw new IllegalArgumentException(
        "class " + mainClass.getName() + " has no public static void main(String[])");
  }

  private static ForkedProcess start(
      long id,
      byte[] token,
      Path tokenFile,
      List<String> command,
      ForkOptions options,
      SpawnOptions how) {
    Callbacks callbacks = new Callbacks();
    MessageChannel channel =
        new MessageChannel(
            new MessageChannel.End(
                "child",
                options.maxMessageBytes(),
                options.maxBufferedBytes(),
                false,
                options.maxBufferedBytes()),
            Callbacks.unordered());
    int maxFrameBytes = (int) Math.min(Integer.MAX_VALUE, options.maxMessageBytes() + 1024L);
    EXPECTED.put(id, new Expected(token, channel, maxFrameBytes, callbacks));
    try {
      ForkedProcess child =
          new ForkedProcess(
              ChildProcess.start(command, options, options.streams(), how, callbacks),
              channel,
              tokenFile);
      child.watch();
      child.onExit().thenRun(() -> forget(id, tokenFile));
      return child;
    } catch (RuntimeException | Error e) {
      forget(id, tokenFile);
      throw e;
    }
  }

  private static void forget(long id, Path tokenFile) {
    EXPECTED.remove(id);
    delete(tokenFile);
  }

  private static void delete(@Nullable Path tokenFile) {
    try {
      if (tokenFile != null) {
        Files.deleteIfExists(tokenFile);
      }
    } catch (IOException e) {
      // It goes with its directory.
    }
  }

  private static synchronized ForkServer server() throws IOException {
    ForkServer known = server;
    if (known == null) {
      known = ForkServer.open(RuntimeDirectory.shared().path(), Fork::admit);
      server = known;
    }
    return known;
  }

  /** A token is good for one connection. */
  private static ForkServer.@Nullable Guest admit(Frame.Hello hello) {
    Expected expected = EXPECTED.get(hello.workerId());
    return expected != null
            && MessageDigest.isEqual(expected.token, hello.token())
            && hello.version() == FrameCodec.VERSION
            && EXPECTED.remove(hello.workerId(), expected)
        ? expected
        : null;
  }
}
