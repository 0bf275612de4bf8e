package dev.forkyard.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What comes as a handle is not trusted. */
class SharedMemoryHandleTest {

  private static final int SIZE = 8192;

  @TempDir private Path directory;

  private final SharedMemory.HandleCodec codec = new SharedMemory.HandleCodec();

  @BeforeEach
  void onlyWhereDescriptorsHaveNames() {
    assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")));
  }

  private String handle(SharedMemory memory) {
    return new String(codec.encode(memory), StandardCharsets.UTF_8);
  }

  private SharedMemory decode(String handle) throws IOException {
    return codec.decode(handle.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aHandleLeadsToTheSameBytes() throws Exception {
    try (SharedMemory memory = SharedMemory.allocate(SIZE);
        SharedMemory same = decode(handle(memory))) {
      memory.buffer().putLong(8, 42);
      assertThat(same.buffer().getLong(8)).isEqualTo(42);
      assertThat(same.size()).isEqualTo(SIZE);
    }
  }

  @Test
  void whoeverHasTakenMemoryHandsOnItsOwnDescriptor() throws Exception {
    try (SharedMemory memory = SharedMemory.allocate(SIZE);
        SharedMemory second = decode(handle(memory))) {
      memory.buffer().putLong(8, 42);
      memory.close();
      try (SharedMemory third = decode(handle(second))) {
        second.close();
        try (SharedMemory fourth = decode(handle(third))) {
          assertThat(fourth.buffer().getLong(8)).isEqualTo(42);
        }
      }
    }
  }

  @Test
  void aHandleOfWhatIsClosedNeverLeadsToAnother() throws Exception {
    String handle;
    try (SharedMemory memory = SharedMemory.allocate(SIZE)) {
      handle = handle(memory);
    }
    List<SharedMemory> others = new ArrayList<>();
    try {
      // One of them gets the descriptor that has become free.
      for (int i = 0; i < 5; i++) {
        others.add(SharedMemory.allocate(SIZE));
      }
      assertThatIOException().isThrownBy(() -> decode(handle)).withMessageContaining("closed");
    } finally {
      others.forEach(SharedMemory::close);
    }
  }

  @Test
  void anotherSizeIsRefused() throws Exception {
    try (SharedMemory memory = SharedMemory.allocate(SIZE)) {
      String rest = handle(memory).substring(Integer.toString(SIZE).length());
      for (String size : List.of("8193", "2147483647", "4096", "0", "-1", "99999999999", "")) {
        assertThatIOException().isThrownBy(() -> decode(size + rest));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "8192",
        "8192 forkyard-memory-a",
        "8192 forkyard-memory-a /etc/passwd",
        "8192 passwd /etc/passwd",
        "8192 forkyard-memory-a /proc/self/fd/1",
        "8192 forkyard-memory-a /proc/1/fd/../../../etc/passwd",
        "8192 ../../etc/passwd /dev/shm/../../etc/passwd",
        "8192 forkyard-memory-a \0",
      })
  void whatIsNoHandleIsRefused(String handle) {
    assertThatIOException().isThrownBy(() -> decode(handle));
  }

  @Test
  void aFileOrALinkThatIsNamedAsMemoryIsIsRefused() throws Exception {
    Path file = Files.write(directory.resolve("forkyard-memory-a"), new byte[SIZE]);
    Path link = Files.createSymbolicLink(directory.resolve("forkyard-memory-b"), file);
    assertThatIOException().isThrownBy(() -> decode("8192 forkyard-memory-a " + file));
    assertThatIOException().isThrownBy(() -> decode("8192 forkyard-memory-b " + link));
    assertThat(Files.readAllBytes(file)).containsOnly(0);
  }
}
