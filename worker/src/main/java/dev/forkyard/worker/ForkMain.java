package dev.forkyard.worker;

import dev.forkyard.protocol.Frame;
import dev.forkyard.protocol.FrameCodec;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The main of a JVM that {@code ChildProcess.fork} starts: connects to the parent, then runs the
 * program's own main on the same thread.
 */
public final class ForkMain {

  private static final int OWN_ARGUMENTS = 5;

  private ForkMain() {}

  /**
   * Started by {@code ChildProcess.fork}.
   *
   * @param args the parent's address, this child's id, the file with its token, {@code detached} or
   *     {@code attached}, the main class, and its arguments
   */
  public static void main(String[] args) throws Throwable {
    boolean detached = args[3].equals("detached");
    connect(args[0], Long.parseLong(args[1]), Path.of(args[2]), detached);
    Method main;
    try {
      main = Class.forName(args[4]).getMethod("main", String[].class);
      if (!Modifier.isStatic(main.getModifiers())) {
        throw new NoSuchMethodException(main + " is not static");
      }
    } catch (ClassNotFoundException | NoSuchMethodException e) {
      System.err.println("forked JVM: no class " + args[4] + " with a public static main: " + e);
      System.exit(1);
      return;
    }
    main.setAccessible(true);
    try {
      main.invoke(null, (Object) Arrays.copyOfRange(args, OWN_ARGUMENTS, args.length));
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static void connect(String address, long id, Path tokenFile, boolean detached)
      throws IOException {
    byte[] token = HexFormat.of().parseHex(Files.readString(tokenFile));
    MasterChannel channel = MasterChannel.connect(address);
    channel.write(
        new Frame.Hello(
            FrameCodec.VERSION,
            token,
            id,
            ProcessHandle.current().pid(),
            Runtime.version().toString(),
            FrameCodec.DEFAULT_MAX_FRAME_BYTES,
            System.nanoTime()));
    // Gone: the parent can tell that this JVM has connected, also if it ends at once.
    Files.delete(tokenFile);
    if (!(channel.read() instanceof Frame.Welcome welcome)) {
      System.err.println("forked JVM: the parent does not answer");
      Runtime.getRuntime().halt(1);
      return;
    }
    channel.allow(welcome.maxFrameBytes());
    ParentProcess.connected(channel, detached, welcome.maxFrameBytes());
  }
}
