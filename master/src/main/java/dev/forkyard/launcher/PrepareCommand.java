package dev.forkyard.launcher;

import dev.forkyard.pool.ProcessPool;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * Makes the archive of the workers' classes; the script that starts this makes the master's own.
 */
@Command(
    name = "prepare",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description =
        "Makes the archives of classes by which each start takes less time. This is done when"
            + " Forkyard is built; again where there is another Java.")
final class PrepareCommand implements Callable<Integer> {

  @Override
  public Integer call() throws IOException {
    try (ProcessPool pool =
        ProcessPool.builder()
            .workers(1)
            .minWorkers(0)
            .classPath(WorkerClassPath.of(WorkerClassPath.library(), ""))
            .build()) {
      if (!pool.makeArchive()) {
        throw new LauncherException(
            Launcher.JOB_FAILED, "no archive could be made; workers start without one", null);
      }
      return 0;
    }
  }
}
