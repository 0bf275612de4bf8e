package dev.forkyard.process;

import static dev.forkyard.process.Marked.LIMIT;
import static dev.forkyard.process.Marked.get;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How children are ended, alone or with all that they started. */
@Timeout(60)
class KillTest {

  /** Within which a tree is gone. */
  private static final Duration TREE_GONE = Duration.ofSeconds(1);

  private static final int TRIES = 10;

  @RegisterExtension private final Marked children = new Marked();

  private ChildProcess shell(String script) {
    return children.spawn("sh", "-c", script);
  }

  /** Started and so far that it has said so. */
  private ChildProcess ready(String script) throws Exception {
    return ready(script, children.spawn());
  }

  private ChildProcess ready(String script, SpawnOptions.Builder options) throws Exception {
    ChildProcess child = ChildProcess.spawn(List.of("sh", "-c", script), options.build());
    assertThat(child.stdout().readNBytes(6)).asString(UTF_8).isEqualTo("ready\n");
    return child;
  }

  @Test
  void aSignalReachesTheChildByItsNameWithOrWithoutSig() throws Exception {
    ChildProcess child =
        ready("trap 'echo heard; exit 4' USR1; echo ready; while :; do sleep 0.1; done");
    assertThat(child.kill("SIGUSR1")).isTrue();
    assertThat(child.stdout().readAllBytes()).asString(UTF_8).isEqualTo("heard\n");
    assertThat(get(child.onExit()).exitCode()).hasValue(4);

    for (String signal : List.of("USR1", "SIGHUP", "sigint", "TERM", "SIGKILL")) {
      // Whoever runs the tests may ignore some, which children inherit.
      ChildProcess other = ready("exec env --default-signal sh -c 'echo ready; exec sleep 1000'");
      assertThat(other.kill(signal)).isTrue();
      assertThat(get(other.onExit()).signal())
          .hasValueSatisfying(name -> assertThat(name).endsWithIgnoringCase(signal));
    }
  }

  @Test
  void aKillWithoutASignalIsSigterm() throws Exception {
    ChildProcess child = ready("echo ready; exec sleep 1000");
    assertThat(child.kill()).isTrue();
    assertThat(get(child.onExit()).signal()).hasValue("SIGTERM");
    assertThat(get(child.onExit()).exitCode()).isEmpty();
  }

  @Test
  void aChildCanBeStoppedAndContinued() throws Exception {
    ChildProcess child = ready("echo ready; read -r line; echo \"$line\"");
    child.kill("SIGSTOP");
    await().atMost(LIMIT).until(() -> state(child).equals("T"));
    child.stdin().write("go on\n".getBytes(UTF_8));
    child.stdin().flush();
    child.kill("SIGCONT");
    assertThat(child.stdout().readAllBytes()).asString(UTF_8).isEqualTo("go on\n");
    get(child.onExit());
  }

  private static String state(ChildProcess child) throws Exception {
    return stat(child.pid(), 0);
  }

  /** Its state, parent, group, session and so on. */
  private static String stat(long pid, int field) throws Exception {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    return stat.substring(stat.lastIndexOf(')') + 2).split(" ")[field];
  }

  @Test
  void whatIsNoSignalIsRefused() throws Exception {
    ChildProcess child = ready("echo ready; exec sleep 1000");
    for (String wrong : List.of("SIGNONE", "", "9", "SIG", "TERM; touch /tmp/x")) {
      assertThatThrownBy(() -> child.kill(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("there is no signal " + wrong);
    }
    assertThat(child.isAlive()).isTrue();
    child.kill();
    get(child.onExit());
  }

  @Test
  void aKillAfterTheExitDoesNothingAndSaysSo() throws Exception {
    ChildProcess child = children.spawn("true");
    get(child.onExit());
    assertThat(child.kill()).isFalse();
    assertThat(child.kill("SIGUSR1")).isFalse();
    assertThat(child.kill("SIGKILL")).isFalse();
    get(child.killTree());
  }

  /** The JDK 17 finds descendants by the number of a process, which may be another's by then. */
  @ParameterizedTest
  @EnumSource
  void whoHasTheIdOfAChildThatHasEndedKeepsItsDescendants(ProcessGuard.Reach reach)
      throws Exception {
    Ended ended = new Ended();
    ChildProcess child =
        new ChildProcess(
            new ChildProcess.Started(
                List.of("true"),
                ended,
                null,
                reach,
                false,
                false,
                false,
                null,
                null,
                null,
                new Callbacks()));
    child.watch();
    get(child.onExit());
    get(child.killTree());
    child.killGroup("SIGTERM");
    assertThat(ended.asked).isFalse();
  }

  /** A process that has ended, and whose id is now that of another. */
  private static final class Ended extends Process {

    private volatile boolean asked;

    @Override
    public long pid() {
      return ProcessHandle.current().pid();
    }

    @Override
    public Stream<ProcessHandle> descendants() {
      asked = true;
      return Stream.empty();
    }

    @Override
    public OutputStream getOutputStream() {
      return OutputStream.nullOutputStream();
    }

    @Override
    public InputStream getInputStream() {
      return InputStream.nullInputStream();
    }

    @Override
    public InputStream getErrorStream() {
      return InputStream.nullInputStream();
    }

    @Override
    public int waitFor() {
      return 0;
    }

    @Override
    public int exitValue() {
      return 0;
    }

    @Override
    public void destroy() {}
  }

  @Test
  void aKillLeavesWhatTheChildStartedAlone() throws Exception {
    ChildProcess child = ready("sleep 1000 & echo ready; wait");
    child.kill();
    get(child.onExit());
    await().atMost(LIMIT).until(() -> children.alive("sleep 1000").size() == 1);
    children.killAll();
  }

  /**
   * A machine under load may be late at any one try, so the quickest of a few counts: a wait or a
   * poll on the way that costs too much is in each of them. That all are gone when the future
   * completes is asserted of each.
   */
  @ParameterizedTest
  @EnumSource
  void aTreeThreeLevelsDeepWhoseMembersIgnoreSignalsIsGoneWithinASecond(Session session)
      throws Exception {
    Duration quickest = TREE_GONE;
    for (int i = 0; i < TRIES && quickest.compareTo(TREE_GONE) >= 0; i++) {
      ChildProcess child =
          ready(
              """
              trap '' TERM INT HUP
              sleep 1000 &
              sh -c 'sleep 1000 & sh -c "sleep 1000 & echo ready; sleep 1000; :"; :' &
              sleep 1000
              """,
              session.options(children));
      await().atMost(LIMIT).until(() -> children.alive().size() >= 7);
      long since = System.nanoTime();
      get(child.killTree());
      quickest = Duration.ofNanos(System.nanoTime() - since);
      assertThat(children.alive()).isEmpty();
      assertThat(get(child.onExit()).signal()).hasValue("SIGKILL");
    }
    assertThat(quickest).isLessThan(TREE_GONE);
  }

  /** Where children live. */
  private enum Session {
    THEIR_OWN,
    THIS_PROGRAMS;

    SpawnOptions.Builder options(Marked children) {
      return this == THEIR_OWN ? children.spawn().ownSession() : children.spawn();
    }
  }

  @Test
  void aChildStaysInThisProgramsSessionUnlessItIsToLeadOne() throws Exception {
    ChildProcess own = ready("echo ready; read -r line", children.spawn().ownSession());
    ChildProcess same = ready("echo ready; read -r line");
    assertThat(stat(own.pid(), 3)).isEqualTo(String.valueOf(own.pid()));
    for (int groupAndSession : new int[] {2, 3}) {
      assertThat(stat(same.pid(), groupAndSession))
          .isEqualTo(stat(ProcessHandle.current().pid(), groupAndSession));
    }
    own.stdin().close();
    same.stdin().close();
  }

  @ParameterizedTest
  @EnumSource
  void aTreeIsGoneThoughItGrowsWhileItIsKilled(Session session) throws Exception {
    String grows = "n=0; while [ $n -lt %s ]; do sleep 1000 & n=$((n + 1)); done; ";
    for (int i = 0; i < 5; i++) {
      ChildProcess child =
          ready(
              "(%s wait) & echo ready; %s wait".formatted(grows.formatted(100), grows.formatted(9)),
              session.options(children));
      get(child.killTree());
      children.awaitNoneLeft();
    }
  }

  @Test
  void straysWhoseParentsAreGoneAndWhoLeadAGroupOfTheirOwnAreGoneToo() throws Exception {
    // Forked twice, so that they are nobody's descendants; timeout leads a group.
    ChildProcess child =
        ready(
            "(sleep 1000 & timeout 1000 sleep 1000 &) ; echo ready; sleep 1000; :",
            children.spawn().ownSession());
    await().atMost(LIMIT).until(() -> children.alive("sleep 1000").size() >= 4);
    get(child.killTree());
    children.awaitNoneLeft();
  }

  @ParameterizedTest
  @EnumSource
  void aDescendantThatLeftTheSessionIsGoneToo(Session session) throws Exception {
    ChildProcess child =
        ready("setsid sh -c 'echo ready; sleep 1000; :' & wait", session.options(children));
    get(child.killTree());
    children.awaitNoneLeft();
  }

  @ParameterizedTest
  @EnumSource
  void aTreeCanBeKilledByManyAtOnceAndRightAfterItsStart(Session session) throws Exception {
    for (int i = 0; i < 5; i++) {
      ChildProcess child =
          session == Session.THEIR_OWN
              ? ChildProcess.spawn(
                  List.of("sh", "-c", "sleep 1000 & (sleep 1000 &); sleep 1000; :"),
                  children.spawn().killTreeOnExit().build())
              : ChildProcess.spawn(
                  List.of("sh", "-c", "sleep 1000 & (sleep 1000; :) & sleep 1000; :"),
                  children.spawn().build());
      CompletableFuture<?> first = child.killTree();
      CompletableFuture<?> second = child.killTree();
      get(CompletableFuture.allOf(first, second));
      get(child.onClose());
    }
    children.awaitNoneLeft();
  }

  @Test
  void whatAChildLeavesBehindEndsWithItIfThatIsWanted() throws Exception {
    ChildProcess child =
        ChildProcess.spawn(
            List.of("sh", "-c", "trap '' TERM; sleep 1000 & (sleep 1000 &); exit 3"),
            children.spawn().killTreeOnExit().build());
    assertThat(get(child.onExit()).exitCode()).hasValue(3);
    assertThat(children.alive()).isEmpty();
    get(child.onClose());
  }

  @Test
  void aDetachedChildCanBeKilledWithItsTree() throws Exception {
    ChildProcess child =
        ready(
            "trap 'exit 5' USR2; sleep 1000 & echo ready; while :; do sleep 0.1; done",
            children.spawn().detached());
    get(child.killTree());
    children.awaitNoneLeft();
    get(child.onExit());
  }
}
