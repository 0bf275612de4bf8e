package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;

import dev.forkyard.transport.TransportKind;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What payloads of any size must keep, with real processes. */
@Timeout(120)
class LargePayloadTest {

  private static final int KIB = 1 << 10;
  private static final int MIB = 1 << 20;
  private static final int[] SIZES = {
    0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB, 100 * MIB, 3
  };

  /** Answers with what it was given. */
  public static final class Echo implements JobHandler<byte[], byte[]> {
    @Override
    public byte[] handle(byte[] input, JobContext context) {
      return input;
    }
  }

  @ParameterizedTest
  @EnumSource(TransportKind.class)
  void bytesOfAnySizeComeBackAsTheyWere(TransportKind kind) {
    try (ProcessPool pool = large().transport(kind).build()) {
      for (int size : SIZES) {
        byte[] payload = bytes(size);
        assertThat(pool.submit(Echo.class, payload).join()).isEqualTo(payload);
      }
    }
  }

  @Test
  void aWorkerTakesNoMemoryBesideItsHeapForThem() {
    List<String> little = List.of("-XX:MaxDirectMemorySize=1m");
    try (ProcessPool pool = large().jvmOptions(little).build()) {
      byte[] payload = bytes(20 * MIB);
      assertThat(pool.submit(Echo.class, payload).join()).isEqualTo(payload);
    }
  }

  @Test
  void manyAtOnceKeepTheirOrder() {
    try (ProcessPool pool = large().build()) {
      List<byte[]> payloads = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        payloads.add(bytes(i % 3 == 0 ? 100 + i : (1 + i % 7) * 300 * KIB));
      }
      List<JobFuture<byte[]>> results =
          payloads.stream().map(payload -> pool.submit(Echo.class, payload)).toList();
      for (int i = 0; i < payloads.size(); i++) {
        assertThat(results.get(i).join()).isEqualTo(payloads.get(i));
      }
    }
  }

  private static ProcessPool.Builder large() {
    return ProcessPool.builder().workers(1).workerHeapBytes(512L * MIB).maxFrameBytes(101 * MIB);
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }
}
