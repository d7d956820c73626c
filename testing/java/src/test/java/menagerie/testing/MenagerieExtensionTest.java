package menagerie.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(MenagerieExtension.class)
class MenagerieExtensionTest {
  @Test
  void aSessionExpiresWhenItIsToldTo(MenagerieEnsemble ensemble) throws Exception {
    CountDownLatch connected = new CountDownLatch(1);
    CountDownLatch expired = new CountDownLatch(1);
    ZooKeeper client =
        new ZooKeeper(
            ensemble.connectString(),
            5000,
            event -> {
              if (event.getState() == KeeperState.SyncConnected) connected.countDown();
              if (event.getState() == KeeperState.Expired) expired.countDown();
            });
    assertTrue(connected.await(10, TimeUnit.SECONDS));
    client.create("/mine", new byte[0], Ids.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
    ensemble.expireSession(client.getSessionId());
    assertTrue(expired.await(10, TimeUnit.SECONDS));
    try (ZooKeeper other = new ZooKeeper(ensemble.connectString(), 5000, event -> {})) {
      assertNull(other.exists("/mine", false));
    }
    client.close();
  }

  @Test
  void anAnswerIsLostAfterTheCommit(MenagerieEnsemble ensemble) throws Exception {
    try (ZooKeeper client = new ZooKeeper(ensemble.connectString(), 5000, event -> {})) {
      client.exists("/", false);
      MenagerieEnsemble.Fault lost = ensemble.dropReply("create", "/lost");
      assertThrows(
          KeeperException.ConnectionLossException.class,
          () -> client.create("/lost", new byte[0], Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT));
      assertEquals(1, lost.hits(Duration.ZERO));
      assertNotNull(existsAgain(client));
    }
  }

  /** The connection comes back by itself, a moment later. */
  private static Object existsAgain(ZooKeeper client) throws Exception {
    for (int attempt = 0; ; attempt++) {
      try {
        return client.exists("/lost", false);
      } catch (KeeperException.ConnectionLossException e) {
        if (attempt == 20) throw e;
      }
    }
  }
}
