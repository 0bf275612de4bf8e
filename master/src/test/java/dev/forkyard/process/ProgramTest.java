package dev.forkyard.process;

import static dev.forkyard.process.Marked.LIMIT;
import static dev.forkyard.process.Marked.get;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.forkyard.worker.ParentProcess;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What concerns a whole program that has children: each test has one of its own. */
@Timeout(60)
class ProgramTest {

  @RegisterExtension private final Marked children = new Marked();

  private ChildProcess run(Class<?> main) {
    return run(OtherJvm.command(List.of(), main));
  }

  private ChildProcess run(List<String> command) {
    return ChildProcess.spawn(command, children.spawn().mergeErrors().build());
  }

  private static String text(ChildOutput output) throws IOException {
    return new String(output.readAllBytes(), UTF_8);
  }

  @Test
  void theChildrenOfAProgramThatIsKilledEndUnlessTheyAreDetached() throws Exception {
    ChildProcess program = run(HasChildren.class);
    assertThat(program.stdout().readNBytes(6)).asString(UTF_8).isEqualTo("ready\n");
    await().atMost(LIMIT).until(() -> children.alive("sleep 100").size() == 16);
    program.kill("SIGKILL");
    await().atMost(LIMIT).until(() -> children.alive().size() == 1);
    assertThat(children.alive("sleep 1001")).hasSize(1);
    children.killAll();
    get(program.onExit());
  }

  /** Has a detached child, and others of all kinds. */
  static final class HasChildren {

    public static void main(String[] args) {
      Stdio nothing = Stdio.ignore();
      SpawnOptions.Builder silent =
          SpawnOptions.builder().stdin(nothing).stdout(nothing).stderr(nothing);
      ChildProcess.spawn(List.of("sleep", "1000"), silent.build());
      ChildProcess.spawn(List.of("sh", "-c", "trap '' TERM HUP; sleep 1000; :"), silent.build());
      ChildProcess.spawn(List.of("sleep", "1000"));
      ChildProcess.exec("sleep 1000 & exec sleep 1000");
      ChildProcess.exec(
          "sleep 1000 & (sleep 1000 &); exec sleep 1000",
          ExecOptions.builder().ownSession().build());
      ChildProcess.spawn(
          List.of("sh", "-c", "trap '' TERM HUP; setsid sleep 1000 & sleep 1000; :"));
      ChildProcess.spawn(
          List.of("sh", "-c", "trap '' TERM HUP; setsid sleep 1000 & sleep 1000; :"),
          SpawnOptions.builder().ownSession().build());
      ChildProcess.spawn(List.of("sleep", "1001"), silent.detached().build());
      System.out.println("ready");
      LockSupport.park();
    }
  }

  @Test
  void theInputOfAProgramIsNeverEatenByItsChildren() throws Exception {
    ChildProcess program = run(ReadsItsInput.class);
    String text = "all of it\n".repeat(1_000);
    try (OutputStream in = program.stdin()) {
      in.write(text.getBytes(UTF_8));
    }
    assertThat(text(program.stdout())).isEqualTo("0 0 0\n0\n" + text);
    assertThat(get(program.onClose()).success()).isTrue();
  }

  /** Runs children that read whatever input they have, and then copies its own. */
  static final class ReadsItsInput {

    public static void main(String[] args) throws Exception {
      int exec = ChildProcess.exec("cat").get().stdout().length();
      int file = ChildProcess.execFile(List.of("cat")).get().stdout().length();
      ChildProcess cat = ChildProcess.spawn(List.of("cat"));
      cat.stdin().close();
      int spawn = cat.stdout().readAllBytes().length;
      System.out.println(exec + " " + file + " " + spawn);
      ChildProcess.fork(CountsItsInput.class).onClose().get();
      System.in.transferTo(System.out);
      System.out.flush();
    }
  }

  /** Forked, with the input and output that a forked JVM has by default. */
  public static final class CountsItsInput {

    private CountsItsInput() {}

    public static void main(String[] args) throws Exception {
      System.out.println(System.in.readAllBytes().length);
    }
  }

  @Test
  void aChildThatInheritsItsStreamsHasThoseOfTheProgram() throws Exception {
    for (String session : List.of("own", "same")) {
      ChildProcess program =
          ChildProcess.spawn(
              OtherJvm.command(List.of(), LendsItsStreams.class, session),
              children.spawn().build());
      try (OutputStream in = program.stdin()) {
        in.write("words\n".getBytes(UTF_8));
      }
      assertThat(text(program.stdout())).isEqualTo("out words\nended\n");
      assertThat(text(program.stderr())).isEqualTo("err words\n");
      assertThat(get(program.onClose()).success()).isTrue();
    }
  }

  /** Has a child that reads and writes its own three streams. */
  static final class LendsItsStreams {

    public static void main(String[] args) throws Exception {
      Stdio own = Stdio.inherit();
      SpawnOptions.Builder options = SpawnOptions.builder().stdin(own).stdout(own).stderr(own);
      if (args[0].equals("own")) {
        options.ownSession();
      }
      String script = "read -r line; echo \"out $line\"; echo \"err $line\" >&2";
      ChildProcess.spawn(List.of("sh", "-c", script), options.build()).onClose().get();
      System.out.println("ended");
    }
  }

  @Test
  void aProgramWithTooManyOpenFilesIsToldSoAndGoesOnWhenItHasFewer() throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -n 200; exec \"$@\"", "sh"));
    command.addAll(OtherJvm.command(List.of(), OpensTooMany.class));
    ChildProcess program = run(command);
    assertThat(text(program.stdout())).isEqualTo("refused 4, and then well\n");
    assertThat(get(program.onClose()).success()).isTrue();
  }

  /**
   * Tries with no descriptor left, and with so few that the second pipe can't be had. (With a few
   * more the JDK itself would run out, and in the JDKs 17 and 25 that closes and leaks others.)
   */
  static final class OpensTooMany {

    public static void main(String[] args) throws Exception {
      // As long as it lives the guard of all children does, whose descriptors would else be free.
      ChildProcess holder = ChildProcess.spawn(List.of("cat"));
      // Classes are loaded from files too.
      boolean well = start();
      refuse();
      Deque<InputStream> hogs = new ArrayDeque<>();
      hog(hogs);
      int refused = 0;
      for (int i = 0; i < 4; i++) {
        refused += start() ? 0 : 1;
        if (i > 0) {
          hogs.pop().close();
        }
      }
      for (InputStream hog : hogs) {
        hog.close();
      }
      well &= start() && ChildProcess.exec("true").get(20, TimeUnit.SECONDS) != null;
      holder.stdin().close();
      System.out.println("refused " + refused + ", and then " + (well ? "well" : "not"));
    }

    private static void hog(Deque<InputStream> hogs) {
      try {
        while (true) {
          hogs.push(new FileInputStream("/dev/null"));
        }
      } catch (IOException tooMany) {
        // As was wanted.
      }
    }

    private static boolean start() throws Exception {
      try {
        ChildProcess child = ChildProcess.spawn(List.of("true"));
        child.onClose().get(20, TimeUnit.SECONDS);
        return true;
      } catch (ProcessStartException refused) {
        return false;
      }
    }

    private static void refuse() {
      try {
        ChildProcess.spawn(List.of("true", "x".repeat(200_000)));
        throw new IllegalStateException("was not refused");
      } catch (ProcessStartException expected) {
        // Its classes are there now.
      }
    }
  }

  @Test
  void aForkConnectsWhenTheProgramHasFewerOpenFilesAgain() throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -n 200; exec \"$@\"", "sh"));
    command.addAll(OtherJvm.command(List.of(), ForksWithTooMany.class));
    ChildProcess program = run(command);
    assertThat(text(program.stdout())).endsWith("heard later\n");
    assertThat(get(program.onClose()).success()).isTrue();
  }

  /** Has no descriptor left while the next of its forked JVMs is waited for. */
  static final class ForksWithTooMany {

    public static void main(String[] args) throws Exception {
      // Classes are loaded from files too.
      ForkedProcess before = Says.fork("before");
      before.onClose().get(20, TimeUnit.SECONDS);
      String address =
          before.command().stream()
              .filter(each -> each.startsWith("unix:"))
              .findAny()
              .orElseThrow();
      UnixDomainSocketAddress path =
          UnixDomainSocketAddress.of(address.substring("unix:".length()));
      Thread server =
          Thread.getAllStackTraces().keySet().stream()
              .filter(each -> each.getName().equals("forkyard-fork"))
              .findAny()
              .orElseThrow();
      Deque<InputStream> hogs = new ArrayDeque<>();
      try (SocketChannel stranger = SocketChannel.open(StandardProtocolFamily.UNIX)) {
        OpensTooMany.hog(hogs);
        // This one has the descriptor that the system set aside; there is none for the next.
        stranger.connect(path);
        // It is in a system call until it has failed. What waits better could not be loaded now.
        while (server.getState() == Thread.State.RUNNABLE) {
          Thread.onSpinWait();
        }
        for (InputStream hog : hogs) {
          hog.close();
        }
      }
      Says.fork("later").onClose().get(20, TimeUnit.SECONDS);
    }
  }

  /** Forked, says a word. */
  public static final class Says {

    private Says() {}

    static ForkedProcess fork(String word) {
      ForkedProcess child = ChildProcess.fork(Says.class, Forks.options().build(), word);
      child.onMessage(String.class, heard -> System.out.println("heard " + heard));
      return child;
    }

    public static void main(String[] args) {
      ParentProcess.get().send(args[0]);
    }
  }

  @Test
  void anOutputThatTheHeapHasNoRoomForFailsItsOwnRunAlone() throws Exception {
    ChildProcess program = run(OtherJvm.command(List.of("-Xmx64m"), ReadsTooMuch.class));
    assertThat(text(program.stdout()))
        .endsWith("there is no room for it\nother\nlater\n")
        .contains("OutOfMemoryError");
    assertThat(get(program.onClose()).success()).isTrue();
  }

  /** Runs what exits with 0 though it could not write all, beside another and before a third. */
  static final class ReadsTooMuch {

    public static void main(String[] args) throws Exception {
      ChildProcess other = ChildProcess.spawn(List.of("sh", "-c", "read -r line; echo other"));
      ExecOptions options = ExecOptions.builder().maxBuffer(1 << 30).build();
      try {
        ChildProcess.exec("head -c 200000000 /dev/zero; exit 0", options).get(20, TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        System.out.println(
            e.getCause().getCause() instanceof OutOfMemoryError
                ? "there is no room for it"
                : "failed: " + e);
      }
      other.stdin().close();
      System.out.print(text(other.stdout()));
      System.out.print(ChildProcess.exec("echo later").get(20, TimeUnit.SECONDS).stdout());
    }
  }

  @Test
  void anEndIsToldAlsoWhereAllThreadsOfTheCommonPoolAreBusy() throws Exception {
    for (int parallelism : List.of(1, 2)) {
      ChildProcess program =
          run(
              OtherJvm.command(
                  List.of("-Djava.util.concurrent.ForkJoinPool.common.parallelism=" + parallelism),
                  BlocksTheCommonPool.class));
      assertThat(text(program.stdout())).isEqualTo("out\ntimed out\n");
      assertThat(get(program.onClose()).success()).isTrue();
    }
  }

  /** Keeps the pool that the JDK's own futures run on busy, and runs a child. */
  static final class BlocksTheCommonPool {

    public static void main(String[] args) throws Exception {
      for (int i = 0; i < 10; i++) {
        ForkJoinPool.commonPool().execute(() -> LockSupport.park());
      }
      System.out.print(ChildProcess.exec("echo out").get(10, TimeUnit.SECONDS).stdout());
      ExecOptions options = ExecOptions.builder().timeout(Duration.ofMillis(100)).build();
      try {
        ChildProcess.exec("sleep 1000", options).get(10, TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        System.out.println(((ExecException) e.getCause()).timedOut() ? "timed out" : "failed");
      }
      System.exit(0);
    }
  }
}
