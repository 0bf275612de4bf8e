package example;

import dev.forkyard.process.ChildProcess;
import dev.forkyard.process.SpawnOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.List;

public final class SocketToChild {

  private static final String CHILD =
      """
      import os, socket
      s = socket.socket(socket.AF_UNIX)
      s.connect(os.environ['FORKYARD_SOCKET'])
      name = s.makefile().readline().strip()
      s.sendall(f'hello {name}, from python\\n'.encode())
      """;

  public static void main(String[] args) throws IOException {
    SpawnOptions options = SpawnOptions.builder().socket().build();
    ChildProcess child = ChildProcess.spawn(List.of("python3", "-c", CHILD), options);
    try (SocketChannel socket = child.socket()) {
      new PrintWriter(Channels.newOutputStream(socket), true).println("java");
      System.out.println(
          new BufferedReader(Channels.newReader(socket, "UTF-8")).readLine());
    }
    System.out.println("the child " + child.onExit().join());
  }
}
