package example;

import dev.forkyard.process.ChildProcess;
import dev.forkyard.process.SpawnOptions;
import dev.forkyard.worker.ParentProcess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

public final class SocketToJava {

  public static final class Child {
    public static void main(String[] args) throws IOException {
      try (SocketChannel socket = ParentProcess.openSocket()) {
        socket.write(ByteBuffer.wrap("hello from java".getBytes(StandardCharsets.UTF_8)));
      }
    }
  }

  public static void main(String[] args) throws IOException {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Child.class.getName());
    ChildProcess child = ChildProcess.spawn(command, SpawnOptions.builder().socket().build());
    try (SocketChannel socket = child.socket()) {
      byte[] said = Channels.newInputStream(socket).readAllBytes();
      System.out.println(new String(said, StandardCharsets.UTF_8));
    }
    System.out.println("the child " + child.onExit().join());
  }
}
