package dev.forkyard.process;

import static dev.forkyard.process.Marked.LIMIT;
import static dev.forkyard.process.Marked.get;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How children are ended, alone or with all that they started. */
@Timeout(60)
class KillTest {

  /** What is promised; on a quiet machine it takes a tenth of a second. */
  private static final long TREE_SECONDS = 5;

  @RegisterExtension private final Marked children = new Marked();

  private ChildProcess shell(String script) {
    return children.spawn("sh", "-c", script);
  }

  /** Started and so far that it has said so. */
  private ChildProcess ready(String script) throws Exception {
    ChildProcess child = shell(script);
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
      ChildProcess other = ready("echo ready; exec sleep 1000");
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
    String stat = Files.readString(Path.of("/proc/" + child.pid() + "/stat"));
    return stat.substring(stat.lastIndexOf(')') + 2).substring(0, 1);
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

  @Test
  void aKillLeavesWhatTheChildStartedAlone() throws Exception {
    ChildProcess child = ready("sleep 1000 & echo ready; wait");
    child.kill();
    get(child.onExit());
    assertThat(children.alive("sleep 1000")).hasSize(1);
    children.killAll();
  }

  @Test
  void aTreeThreeLevelsDeepWhoseMembersIgnoreSignalsIsGone() throws Exception {
    ChildProcess child =
        ready(
            """
            trap '' TERM INT HUP
            sleep 1000 &
            sh -c 'sleep 1000 & sh -c "sleep 1000 & echo ready; sleep 1000; :"; :' &
            sleep 1000
            """);
    assertThat(children.alive().size()).isGreaterThanOrEqualTo(6);
    child.killTree().get(TREE_SECONDS, TimeUnit.SECONDS);
    await().atMost(TREE_SECONDS, TimeUnit.SECONDS).until(() -> children.alive().isEmpty());
    assertThat(get(child.onExit()).signal()).hasValue("SIGKILL");
  }

  @Test
  void straysWhoseParentsAreGoneAndWhoLeadAGroupOfTheirOwnAreGoneToo() throws Exception {
    // Forked twice, so that they are nobody's descendants; timeout leads a group.
    ChildProcess child =
        ready("(sleep 1000 & timeout 1000 sleep 1000 &) ; echo ready; sleep 1000; :");
    await().atMost(LIMIT).until(() -> children.alive("sleep 1000").size() >= 4);
    child.killTree().get(TREE_SECONDS, TimeUnit.SECONDS);
    await().atMost(TREE_SECONDS, TimeUnit.SECONDS).until(() -> children.alive().isEmpty());
  }

  @Test
  void aDescendantThatLeftTheSessionIsGoneToo() throws Exception {
    ChildProcess child = ready("setsid sh -c 'echo ready; sleep 1000; :' & wait");
    child.killTree().get(TREE_SECONDS, TimeUnit.SECONDS);
    await().atMost(TREE_SECONDS, TimeUnit.SECONDS).until(() -> children.alive().isEmpty());
  }

  @Test
  void aTreeCanBeKilledByManyAtOnceAndRightAfterItsStart() throws Exception {
    for (int i = 0; i < 5; i++) {
      ChildProcess child =
          ChildProcess.spawn(
              List.of("sh", "-c", "sleep 1000 & (sleep 1000 &); sleep 1000; :"),
              children.spawn().killTreeOnExit().build());
      CompletableFuture<?> first = child.killTree();
      CompletableFuture<?> second = child.killTree();
      CompletableFuture.allOf(first, second).get(TREE_SECONDS, TimeUnit.SECONDS);
      child.onClose().get(TREE_SECONDS, TimeUnit.SECONDS);
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
        ChildProcess.spawn(
            List.of(
                "sh",
                "-c",
                "trap 'exit 5' USR2; (sleep 1000 &); echo ready; while :; do sleep 0.1; done"),
            children.spawn().detached().build());
    assertThat(child.stdout().readNBytes(6)).asString(UTF_8).isEqualTo("ready\n");
    child.killTree().get(TREE_SECONDS, TimeUnit.SECONDS);
    children.awaitNoneLeft();
    get(child.onExit());
  }
}
