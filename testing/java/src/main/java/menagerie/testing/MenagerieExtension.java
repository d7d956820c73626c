package menagerie.testing;

import java.io.IOException;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests of JUnit 5 a {@link MenagerieEnsemble}: one for the tests of a class, closed behind them. Faults that a test left on
 * are undone behind it.
 *
 * <pre>{@code
 * @ExtendWith(MenagerieExtension.class)
 * class LockTest {
 *   @Test
 *   void answerIsLost(MenagerieEnsemble ensemble) { ... }
 * }
 * }</pre>
 *
 * <p>For more than one server: {@code @RegisterExtension static MenagerieExtension three = new MenagerieExtension(3);}
 */
public final class MenagerieExtension implements ParameterResolver, AfterEachCallback {
  private static final Namespace NAMESPACE = Namespace.create(MenagerieExtension.class);
  private final int size;

  public MenagerieExtension() {
    this(1);
  }

  public MenagerieExtension(int size) {
    this.size = size;
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == MenagerieEnsemble.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    ExtensionContext ofClass = context.getParent().filter(each -> context.getTestMethod().isPresent()).orElse(context);
    return ofClass
        .getStore(NAMESPACE)
        .getOrComputeIfAbsent(Running.class, key -> new Running(size), Running.class)
        .ensemble;
  }

  @Override
  public void afterEach(ExtensionContext context) {
    Running running = context.getStore(NAMESPACE).get(Running.class, Running.class);
    if (running != null) running.ensemble.undoAll();
  }

  /** Closed by JUnit, with the store of the class. */
  private static final class Running implements ExtensionContext.Store.CloseableResource, AutoCloseable {
    final MenagerieEnsemble ensemble;

    Running(int size) {
      try {
        ensemble = new MenagerieEnsemble(size);
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() {
      ensemble.close();
    }
  }
}
