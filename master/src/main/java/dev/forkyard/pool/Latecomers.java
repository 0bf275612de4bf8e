package dev.forkyard.pool;

import dev.forkyard.protocol.Frame;
import dev.forkyard.transport.Connection;
import dev.forkyard.transport.ConnectionListener;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Workers that were gone before their greeting was read, which may still lie in the socket: a pool
 * was closed while they booted, or they were killed. They did nothing wrong, so they are not
 * refused, which would warn, but shown out. Used on the loop alone.
 */
final class Latecomers {

  /** Most have no greeting to come. */
  static final int MAX = 64;

  private final Map<Long, byte[]> tokens =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, byte[]> eldest) {
          return size() > MAX;
        }
      };

  void add(long workerId, byte[] token) {
    tokens.put(workerId, token);
  }

  /** The connection is closed if it is one of theirs; otherwise null, and nothing is done. */
  @Nullable ConnectionListener admit(Frame.Hello hello, Connection connection) {
    byte[] token = tokens.get(hello.workerId());
    if (token == null || !MessageDigest.isEqual(token, hello.token())) {
      return null;
    }
    tokens.remove(hello.workerId());
    connection.close();
    return Deaf.INSTANCE;
  }

  private enum Deaf implements ConnectionListener {
    INSTANCE;

    @Override
    public int maxFrameBytes() {
      return 0;
    }

    @Override
    public void onFrame(Frame frame) {}

    @Override
    public void onBatchEnd() {}

    @Override
    public void onEnd(@Nullable Throwable why) {}
  }
}
