package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a tree of files that looks as the kernel's does. */
class AvailableMemoryTest {

  private static final long MIB = 1 << 20;

  @TempDir private Path root;

  @BeforeEach
  void machineOfOneGibibyte() throws IOException {
    write("proc/meminfo", "MemTotal:        1048576 kB\nMemFree:          1000 kB\n");
  }

  @Test
  void withoutALimitItIsWhatTheMachineHas() throws IOException {
    write("proc/self/cgroup", "0::/user.slice/session-1.scope\n");
    write("sys/fs/cgroup/user.slice/memory.max", "max\n");
    assertThat(bytes()).isEqualTo(1024 * MIB);
  }

  @Test
  void withoutControlGroupsItIsWhatTheMachineHas() {
    assertThat(bytes()).isEqualTo(1024 * MIB);
  }

  @Test
  void theLimitOfItsOwnGroupCounts() throws IOException {
    write("proc/self/cgroup", "0::/system.slice/pool.service\n");
    write("sys/fs/cgroup/system.slice/memory.max", "max\n");
    write("sys/fs/cgroup/system.slice/pool.service/memory.max", 300 * MIB + "\n");
    write("sys/fs/cgroup/system.slice/other.service/memory.max", 100 * MIB + "\n");
    assertThat(bytes()).isEqualTo(300 * MIB);
  }

  @Test
  void theSmallestLimitOfAllThatContainItCounts() throws IOException {
    write("proc/self/cgroup", "0::/a/b/c\n");
    write("sys/fs/cgroup/a/memory.max", 500 * MIB + "\n");
    write("sys/fs/cgroup/a/b/memory.max", 200 * MIB + "\n");
    write("sys/fs/cgroup/a/b/c/memory.max", 400 * MIB + "\n");
    assertThat(bytes()).isEqualTo(200 * MIB);
  }

  @Test
  void aContainersLimitAtTheTopCounts() throws IOException {
    write("proc/self/cgroup", "0::/\n");
    write("sys/fs/cgroup/memory.max", 256 * MIB + "\n");
    assertThat(bytes()).isEqualTo(256 * MIB);
  }

  @Test
  void inTheFirstVersionTheMemorysHierarchyCounts() throws IOException {
    write(
        "proc/self/cgroup",
        "12:pids:/jobs/x\n9:cpu,memory:/jobs/x\n1:name=systemd:/jobs/x\n0::/jobs/x\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    write("sys/fs/cgroup/memory/jobs/memory.limit_in_bytes", 600 * MIB + "\n");
    write("sys/fs/cgroup/memory/jobs/x/memory.limit_in_bytes", 700 * MIB + "\n");
    assertThat(bytes()).isEqualTo(600 * MIB);
  }

  @Test
  void aPathOfTheMachinesThatIsNotThereLeavesTheContainersLimit() throws IOException {
    write("proc/self/cgroup", "9:memory:/docker/0123456789abcdef\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", 128 * MIB + "\n");
    assertThat(bytes()).isEqualTo(128 * MIB);
  }

  @Test
  void aGroupOutsideOfWhatIsSeenIsNotLookedFor() throws IOException {
    write("proc/self/cgroup", "0::/../../elsewhere\nnonsense\n");
    write("sys/elsewhere/memory.max", 1 + "\n");
    write("sys/fs/cgroup/memory.max", 512 * MIB + "\n");
    assertThat(bytes()).isEqualTo(512 * MIB);
  }

  @Test
  void aLimitBeyondTheMachineChangesNothing() throws IOException {
    write("proc/self/cgroup", "0::/a\n");
    write("sys/fs/cgroup/a/memory.max", 8 * 1024 * MIB + "\n");
    assertThat(bytes()).isEqualTo(1024 * MIB);
  }

  private long bytes() {
    return new AvailableMemory(root).read();
  }

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }
}
