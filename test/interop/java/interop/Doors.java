package interop;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ZKClientConfig;

/**
 * Sessions of the Java client, each with a configuration of its own, side by side. A line of standard input is one session:
 * host:port, the ms after which it counts as refused, `open` or `own` for the ACL of the node that it creates, and key=value
 * pairs, with tabs between them. Prints a line for each, in that order: wrote, refused, or the error. It compiles with every
 * release from 3.5 on.
 */
public final class Doors {
    private Doors() {
    }

    private static String ask(String line) {
        String[] fields = line.split("\t");
        ZKClientConfig config = new ZKClientConfig();
        for (int i = 3; i < fields.length; i++) {
            int equals = fields[i].indexOf('=');
            config.setProperty(fields[i].substring(0, equals), fields[i].substring(equals + 1));
        }
        CountDownLatch decided = new CountDownLatch(1);
        boolean[] isOpen = new boolean[1];
        try {
            ZooKeeper client = new ZooKeeper(fields[0], 8000, event -> {
                if (event.getState() == KeeperState.SyncConnected) isOpen[0] = true;
                if (isOpen[0] || event.getState() == KeeperState.AuthFailed) decided.countDown();
            }, config);
            if (!decided.await(Long.parseLong(fields[1]), TimeUnit.MILLISECONDS) || !isOpen[0]) return "refused";
            client.create("/java-", new byte[0], fields[2].equals("own") ? Ids.CREATOR_ALL_ACL : Ids.OPEN_ACL_UNSAFE,
                CreateMode.PERSISTENT_SEQUENTIAL);
            client.close();
            return "wrote";
        } catch (KeeperException error) {
            return "refused";
        } catch (Exception | LinkageError error) {
            return error.toString();
        }
    }

    public static void main(String[] args) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(64);
        List<Future<String>> answers = new ArrayList<>();
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String cell = line;
            answers.add(pool.submit(() -> ask(cell)));
        }
        for (Future<String> answer : answers) System.out.println(answer.get());
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
