package dev.forkyard.launcher;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;
import org.slf4j.helpers.NOPMDCAdapter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/**
 * The command line's log: warnings and errors, a line each on the standard error. A back end that
 * reads a configuration takes longer to start than a worker does, so that is used only by those who
 * give it one ({@code -Dlogback.configurationFile}).
 *
 * <p>It is chosen by a system property and not found as a service, so that programs which embed the
 * pool never meet it.
 */
public final class StandardErrorLog implements SLF4JServiceProvider {

  private static final Pattern LINE_BREAK = Pattern.compile("\\s*[\\r\\n]+\\s*");

  private final ILoggerFactory loggers = ToStandardError::new;
  private final IMarkerFactory markers = new BasicMarkerFactory();
  private final MDCAdapter context = new NOPMDCAdapter();

  /** Made by SLF4J. */
  public StandardErrorLog() {}

  /** To be called before anything asks for a logger. */
  static void use() {
    if (System.getProperty("logback.configurationFile") == null) {
      System.setProperty("slf4j.provider", StandardErrorLog.class.getName());
      // It would tell which provider was chosen.
      System.setProperty("slf4j.internal.verbosity", "WARN");
    }
  }

  @Override
  public ILoggerFactory getLoggerFactory() {
    return loggers;
  }

  @Override
  public IMarkerFactory getMarkerFactory() {
    return markers;
  }

  @Override
  public MDCAdapter getMDCAdapter() {
    return context;
  }

  @Override
  public String getRequestedApiVersion() {
    return "2.0";
  }

  @Override
  public void initialize() {}

  private static final class ToStandardError extends LegacyAbstractLogger {

    private static final long serialVersionUID = 1L;

    ToStandardError(String name) {
      this.name = name;
    }

    @Override
    public boolean isTraceEnabled() {
      return false;
    }

    @Override
    public boolean isDebugEnabled() {
      return false;
    }

    @Override
    public boolean isInfoEnabled() {
      return false;
    }

    @Override
    public boolean isWarnEnabled() {
      return true;
    }

    @Override
    public boolean isErrorEnabled() {
      return true;
    }

    @Override
    protected @Nullable String getFullyQualifiedCallerName() {
      return null;
    }

    @Override
    protected void handleNormalizedLoggingCall(
        Level level,
        @Nullable Marker marker,
        String pattern,
        @Nullable Object @Nullable [] arguments,
        @Nullable Throwable thrown) {
      String message = MessageFormatter.basicArrayFormat(pattern, arguments);
      System.err.println("forkyard: " + LINE_BREAK.matcher(message).replaceAll(" | "));
    }
  }
}
