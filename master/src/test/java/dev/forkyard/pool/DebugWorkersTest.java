package dev.forkyard.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.AttachingConnector;
import com.sun.jdi.connect.Connector;
import dev.forkyard.worker.JobContext;
import dev.forkyard.worker.JobHandler;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Debuggers at workers, and those at the program that has the pool. */
@Timeout(90)
class DebugWorkersTest {

  @TempDir private Path directory;

  /** Says in one file that it runs and where, and waits for another one. */
  public static final class Meet implements JobHandler<String, String> {
    @Override
    public String handle(String directory, JobContext context) throws Exception {
      String pid = Long.toString(ProcessHandle.current().pid());
      Files.writeString(Path.of(directory, "draft"), pid);
      Files.move(Path.of(directory, "draft"), Path.of(directory, "here"));
      while (Files.notExists(Path.of(directory, "go"))) {
        LockSupport.parkNanos(10_000_000);
      }
      return pid + " " + context.remaining().isPresent();
    }
  }

  @Test
  void aWorkerThatStandsStillInADebuggerOutlivesEveryDeadline() throws Exception {
    int first = freePort();
    Map<Long, Integer> ports = new ConcurrentHashMap<>();
    ConcurrentLinkedQueue<String> output = new ConcurrentLinkedQueue<>();
    try (ProcessPool pool =
        ProcessPool.builder()
            .workers(2)
            .workerHeapBytes(64 << 20)
            .debugWorkers(first)
            .heartbeatTimeout(Duration.ofSeconds(1))
            .onOutput((pid, line) -> output.add(line))
            .onEvent(
                event -> {
                  if (event instanceof PoolEvent.WorkerDebuggable told) {
                    ports.put(told.workerPid(), told.port());
                  }
                })
            .build()) {
      await().atMost(Duration.ofSeconds(30)).until(() -> ports.size() == 2);
      assertThat(ports.values()).doesNotHaveDuplicates().allMatch(port -> port >= first);
      JobOptions hurried =
          JobOptions.timeout(Duration.ofSeconds(2)).withStallTimeout(Duration.ofSeconds(1));
      JobFuture<String> looked = pool.submit(Meet.class, directory.toString(), hurried);
      Path here = directory.resolve("here");
      await().atMost(Duration.ofSeconds(30)).until(() -> Files.exists(here));
      long pid = Long.parseLong(Files.readString(here));
      VirtualMachine debugged = attach(ports.get(pid));
      debugged.suspend();
      // Twice as long as anything is allowed to take.
      assertThat(pool.submit(ProcessPoolTest.Obey.class, "sleep 4000").get(30, TimeUnit.SECONDS))
          .isEqualTo("sleep 4000");
      assertThat(looked).isNotDone();
      debugged.resume();
      debugged.dispose();
      Files.createFile(directory.resolve("go"));
      assertThat(looked.get(30, TimeUnit.SECONDS)).isEqualTo(pid + " false");
      assertThat(pool.stats().lost()).isZero();
      await()
          .until(
              () -> output.stream().filter(l -> DebugPorts.listening(l).isPresent()).count() >= 2);
    }
    // Their ports are free for the next pool, or for another program, which may have one already.
    assertThat(ports.keySet()).allMatch(pid -> ProcessHandle.of(pid).isEmpty());
    assertThat(ports.values()).anyMatch(DebugWorkersTest::isFree);
  }

  private static boolean isFree(int port) {
    try (ServerSocket again = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return again.isBound();
    } catch (IOException inUse) {
      return false;
    }
  }

  private static VirtualMachine attach(int port) throws Exception {
    AttachingConnector connector =
        Bootstrap.virtualMachineManager().attachingConnectors().stream()
            .filter(each -> each.name().equals("com.sun.jdi.SocketAttach"))
            .findFirst()
            .orElseThrow();
    Map<String, Connector.Argument> arguments = connector.defaultArguments();
    arguments.get("hostname").setValue("127.0.0.1");
    arguments.get("port").setValue(Integer.toString(port));
    return connector.attach(arguments);
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Test
  void aPortThatSomebodyElseHasIsPassedOver() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      DebugPorts ports = new DebugPorts(taken.getLocalPort());
      int second = ports.take();
      int third = ports.take();
      assertThat(second).isGreaterThan(taken.getLocalPort());
      assertThat(third).isGreaterThan(second);
      ports.giveBack(second);
      int next = ports.take();
      // Another program may have taken it meanwhile.
      for (int tries = 0; next != second && tries < 10; tries++) {
        second = next;
        ports.giveBack(second);
        next = ports.take();
      }
      assertThat(next).isEqualTo(second);
    }
    assertThat(new DebugPorts(0).take()).isZero();
  }

  @Test
  void whatAJvmSaysOfItsPortIsUnderstoodAndNothingElse() {
    String says = "Listening for transport dt_socket at address: ";
    assertThat(DebugPorts.listening(says + "5005")).hasValue(5005);
    assertThat(DebugPorts.listening(says + "127.0.0.1:5005")).hasValue(5005);
    assertThat(DebugPorts.listening("> " + says + "5005")).isEmpty();
  }

  @Test
  void aPortThatAllWorkersWouldShareIsRefusedWithTheWayOut() {
    String shared = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:5005";
    assertThatThrownBy(() -> ProcessPool.builder().jvmOptions(List.of(shared)).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(shared)
        .hasMessageContaining("use debugWorkers(port)");
    assertThat(DebugPorts.collides(shared.replace("*:5005", "5005"))).isTrue();
    assertThat(DebugPorts.collides(shared.replace("*:5005", "*:0"))).isFalse();
    assertThat(DebugPorts.collides(shared.replace("server=y", "server=n"))).isFalse();
    assertThat(DebugPorts.collides("-javaagent:a.jar=address=1")).isFalse();
    assertThatThrownBy(() -> ProcessPool.builder().debugWorkers(65_536))
        .hasMessage("debugWorkers must be a port from 0 to 65535, but is 65536");
  }

  /** A program that is started by these variables, and has a pool. */
  static final class Debugged {

    private static final List<String> VARIABLES =
        List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

    private Debugged() {}

    public static void main(String[] args) {
      try (ProcessPool pool =
          ProcessPool.builder()
              .workers(2)
              .workerHeapBytes(64 << 20)
              .environment("_JAVA_OPTIONS", "-Dof.workers=1")
              .build()) {
        for (String variable : VARIABLES) {
          String here = System.getenv(variable);
          String there = pool.submit(() -> System.getenv(variable)).join();
          System.out.println((here != null) + " " + there);
        }
        System.out.println(System.getProperty("of.tool"));
        System.out.println(pool.submit(() -> System.getProperty("of.tool")).join());
        System.out.println(pool.submit(() -> System.getProperty("of.workers")).join());
      }
    }
  }

  @Test
  void aDebugPortAndOptionsThatThisProgramWasStartedWithAreNotTheWorkers() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Debugged.class.getName());
    File output = directory.resolve("output").toFile();
    builder.redirectErrorStream(true).redirectOutput(output);
    builder.environment().put("JAVA_TOOL_OPTIONS", DebugPorts.option(freePort()));
    builder.environment().put("JDK_JAVA_OPTIONS", "-Dof.tool=master");
    builder.environment().put("_JAVA_OPTIONS", "-Dof.master=1");
    Process program = builder.start();
    assertThat(program.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readAllLines(output.toPath(), StandardCharsets.UTF_8))
        .contains("true null", "true -Dof.workers=1", "master", "null", "1")
        .filteredOn("true null"::equals)
        .hasSize(2);
  }
}
