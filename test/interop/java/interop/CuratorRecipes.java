package interop;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.retry.RetryNTimes;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.zookeeper.KeeperException;

/** Curator's recipes on the paths that ours use at the same time: one line for each problem, then "done". */
public class CuratorRecipes {
    private static final int TURNS = 5;
    private final CuratorFramework client;
    private final List<String> problems = new ArrayList<>();

    private CuratorRecipes(CuratorFramework client) {
        this.client = client;
    }

    public static void main(String[] args) throws Exception {
        try (CuratorFramework client = CuratorFrameworkFactory.newClient(args[0], new RetryNTimes(3, 100))) {
            client.start();
            CuratorRecipes recipes = new CuratorRecipes(client);
            recipes.locks();
            recipes.latch();
            recipes.selector();
            recipes.services();
            for (String problem : recipes.problems) System.out.println(problem);
            System.out.println("done");
        }
    }

    /** One at a time: the node is there as long as somebody is inside. */
    private void inside(String path) throws Exception {
        try {
            client.create().forPath(path);
        } catch (KeeperException.NodeExistsException e) {
            problems.add("two inside " + path);
            return;
        }
        client.sync().forPath(path);
        client.delete().forPath(path);
    }

    private void locks() throws Exception {
        InterProcessMutex lock = new InterProcessMutex(client, "/curator/lock");
        InterProcessMutex write = new InterProcessReadWriteLock(client, "/curator/rw").writeLock();
        for (int i = 0; i < TURNS; i++) {
            for (InterProcessMutex each : List.of(lock, write)) {
                if (!each.acquire(10, TimeUnit.SECONDS)) {
                    problems.add("no lock within 10 s");
                    continue;
                }
                inside(each == lock ? "/busy-lock" : "/busy-rw");
                each.release();
            }
        }
    }

    private void latch() throws Exception {
        for (int i = 0; i < TURNS; i++) {
            try (LeaderLatch latch = new LeaderLatch(client, "/curator/latch", "java")) {
                latch.start();
                if (latch.await(10, TimeUnit.SECONDS)) inside("/busy-latch");
                else problems.add("no lead within 10 s");
            }
        }
    }

    private void selector() throws Exception {
        CountDownLatch turns = new CountDownLatch(TURNS);
        LeaderSelectorListenerAdapter listener = new LeaderSelectorListenerAdapter() {
            @Override
            public void takeLeadership(CuratorFramework leader) throws Exception {
                inside("/busy-selector");
                turns.countDown();
            }
        };
        try (LeaderSelector selector = new LeaderSelector(client, "/curator/selector", listener)) {
            selector.autoRequeue();
            selector.start();
            if (!turns.await(10, TimeUnit.SECONDS)) problems.add("no turn within 10 s");
        }
    }

    /** Finds the service that is registered by ours, and leaves one of its own to be found. */
    private void services() throws Exception {
        ServiceInstance<Void> own = ServiceInstance.<Void>builder().name("java").id("j").address("10.0.0.9").port(99).build();
        try (ServiceDiscovery<Void> discovery = ServiceDiscoveryBuilder.builder(Void.class).client(client)
                .basePath("/curator/services").thisInstance(own).build()) {
            discovery.start();
            Collection<ServiceInstance<Void>> found = List.of();
            for (long until = System.nanoTime() + 10_000_000_000L; found.isEmpty() && System.nanoTime() < until; ) {
                found = discovery.queryForInstances("web");
            }
            for (ServiceInstance<Void> each : found) {
                System.out.println("found " + each.getId() + " " + each.getAddress() + ":" + each.getPort() + " " + each.isEnabled());
            }
            System.out.println("registered");
            System.in.read();
        }
    }
}
