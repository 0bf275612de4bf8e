package dev.forkyard.pool;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Gives each worker that waits for a debugger a port of its own on the loopback interface: of those
 * from the first one on the lowest that is free.
 */
final class DebugPorts {

  private static final int MAX_PORT = 65_535;
  private static final Pattern LISTENING =
      Pattern.compile("Listening for transport dt_socket at address: (?:\\S*:)?([0-9]{1,5})");

  private final int first;
  private final Set<Integer> taken = new HashSet<>();

  /** From this port on; where it is 0 each worker's JVM chooses its own. */
  DebugPorts(int first) {
    this.first = first;
  }

  /**
   * A port that no other worker of this pool has, and at which nobody else listens now.
   *
   * @throws IOException if there is none
   */
  synchronized int take() throws IOException {
    if (first == 0) {
      return 0;
    }
    for (int port = first; port <= MAX_PORT; port++) {
      if (!taken.contains(port) && isFree(port)) {
        taken.add(port);
        return port;
      }
    }
    throw new IOException("no port from " + first + " on is free for a worker's debugger");
  }

  private static boolean isFree(int port) {
    try (ServerSocket probe = new ServerSocket()) {
      probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1);
      return true;
    } catch (IOException inUse) {
      return false;
    }
  }

  /** Its worker has ended. */
  synchronized void giveBack(int port) {
    taken.remove(port);
  }

  /** What makes a JVM wait for a debugger there, and go on until one comes. */
  static String option(int port) {
    return "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:" + port;
  }

  /** Whether this option of a JVM's would have every worker listen at the same port. */
  static boolean collides(String option) {
    return (option.startsWith("-agentlib:jdwp") || option.startsWith("-Xrunjdwp"))
        && option.contains("server=y")
        && option.matches(".*[=,]address=(?:[^,]*:)?[1-9][0-9]*(?:,.*)?");
  }

  /** The port at which a JVM says by this line that it listens. */
  static OptionalInt listening(String line) {
    Matcher matcher = LISTENING.matcher(line);
    return matcher.matches()
        ? OptionalInt.of(Integer.parseInt(matcher.group(1)))
        : OptionalInt.empty();
  }
}
