package interop;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.jute.BinaryOutputArchive;
import org.apache.jute.Record;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.MultiOperationRecord;
import org.apache.zookeeper.MultiResponse;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.ClientInfo;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.data.StatPersisted;
import org.apache.zookeeper.proto.AddWatchRequest;
import org.apache.zookeeper.proto.AuthPacket;
import org.apache.zookeeper.proto.CheckVersionRequest;
import org.apache.zookeeper.proto.CheckWatchesRequest;
import org.apache.zookeeper.proto.ConnectRequest;
import org.apache.zookeeper.proto.ConnectResponse;
import org.apache.zookeeper.proto.Create2Response;
import org.apache.zookeeper.proto.CreateRequest;
import org.apache.zookeeper.proto.CreateResponse;
import org.apache.zookeeper.proto.CreateTTLRequest;
import org.apache.zookeeper.proto.DeleteRequest;
import org.apache.zookeeper.proto.ErrorResponse;
import org.apache.zookeeper.proto.ExistsRequest;
import org.apache.zookeeper.proto.ExistsResponse;
import org.apache.zookeeper.proto.GetACLRequest;
import org.apache.zookeeper.proto.GetACLResponse;
import org.apache.zookeeper.proto.GetAllChildrenNumberRequest;
import org.apache.zookeeper.proto.GetAllChildrenNumberResponse;
import org.apache.zookeeper.proto.GetChildren2Request;
import org.apache.zookeeper.proto.GetChildren2Response;
import org.apache.zookeeper.proto.GetChildrenRequest;
import org.apache.zookeeper.proto.GetChildrenResponse;
import org.apache.zookeeper.proto.GetDataRequest;
import org.apache.zookeeper.proto.GetDataResponse;
import org.apache.zookeeper.proto.GetEphemeralsRequest;
import org.apache.zookeeper.proto.GetEphemeralsResponse;
import org.apache.zookeeper.proto.GetSASLRequest;
import org.apache.zookeeper.proto.MultiHeader;
import org.apache.zookeeper.proto.ReconfigRequest;
import org.apache.zookeeper.proto.RemoveWatchesRequest;
import org.apache.zookeeper.proto.ReplyHeader;
import org.apache.zookeeper.proto.RequestHeader;
import org.apache.zookeeper.proto.SetACLRequest;
import org.apache.zookeeper.proto.SetACLResponse;
import org.apache.zookeeper.proto.SetDataRequest;
import org.apache.zookeeper.proto.SetDataResponse;
import org.apache.zookeeper.proto.SetSASLResponse;
import org.apache.zookeeper.proto.SetWatches;
import org.apache.zookeeper.proto.SetWatches2;
import org.apache.zookeeper.proto.SyncRequest;
import org.apache.zookeeper.proto.SyncResponse;
import org.apache.zookeeper.proto.WatcherEvent;
import org.apache.zookeeper.proto.WhoAmIResponse;
import org.apache.zookeeper.server.NodeDigest;
import org.apache.zookeeper.server.auth.DigestAuthenticationProvider;
import org.apache.zookeeper.server.persistence.FileHeader;
import org.apache.zookeeper.server.quorum.ElectionBytes;
import org.apache.zookeeper.server.quorum.LearnerInfo;
import org.apache.zookeeper.server.quorum.QuorumAuthPacket;
import org.apache.zookeeper.server.quorum.QuorumPacket;
import org.apache.zookeeper.txn.CheckVersionTxn;
import org.apache.zookeeper.txn.CloseSessionTxn;
import org.apache.zookeeper.txn.CreateContainerTxn;
import org.apache.zookeeper.txn.CreateSessionTxn;
import org.apache.zookeeper.txn.CreateTTLTxn;
import org.apache.zookeeper.txn.CreateTxn;
import org.apache.zookeeper.txn.CreateTxnV0;
import org.apache.zookeeper.txn.DeleteTxn;
import org.apache.zookeeper.txn.ErrorTxn;
import org.apache.zookeeper.txn.MultiTxn;
import org.apache.zookeeper.txn.SetACLTxn;
import org.apache.zookeeper.txn.SetDataTxn;
import org.apache.zookeeper.txn.Txn;
import org.apache.zookeeper.txn.TxnDigest;
import org.apache.zookeeper.txn.TxnHeader;

/**
 * Writes test/golden/records.json, election.json, passwords.json and digests.json with the codec of the Apache release
 * on the class path. Argument: the directory to write into.
 */
public final class GoldenRecords {
    private static final List<Object> OUT = new ArrayList<>();

    private static final List<ACL> OPEN = Collections.singletonList(new ACL(31, new Id("world", "anyone")));
    private static final List<ACL> TWO = Arrays.asList(
        new ACL(1, new Id("ip", "10.0.0.0/8")), new ACL(31, new Id("digest", "bob:4FbbS6lNAuBjsBpnEvKPaMQcfOo=")));
    private static final Stat STAT =
        new Stat(0x100000002L, 0x100000003L, 1700000000123L, 1700000000456L, 3, 5, 1, 0x100012345678abcdL, 11, 2, 0x100000004L);
    private static final Stat STAT_EDGES = new Stat(Long.MAX_VALUE, -1L, 0L, Long.MIN_VALUE, Integer.MAX_VALUE,
        Integer.MIN_VALUE, -1, 0L, 0, 0, 0xffffffffL);
    private static final StatPersisted PERSISTED = new StatPersisted(0x100000002L, 0x100000003L, 1700000000123L,
        1700000000456L, 3, 5, 1, 0x100012345678abcdL, 0x100000004L);

    private GoldenRecords() {
    }

    private static byte[] utf8(String s) {
        return s.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] bytes(Record record) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        record.serialize(BinaryOutputArchive.getArchive(out), "root");
        return out.toByteArray();
    }

    private static void add(String name, Record record) throws IOException {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("name", name);
        entry.put("record", record.getClass().getSimpleName());
        entry.put("fields", JsonArchive.show(record));
        entry.put("hex", JsonArchive.hex(bytes(record)));
        OUT.add(entry);
    }

    private static void write(String dir, String file, List<Object> entries) throws IOException {
        try (PrintStream out = new PrintStream(dir + "/" + file, "UTF-8")) {
            String separator = "[\n";
            for (Object entry : entries) {
                out.print(separator + Json.write(entry));
                separator = ",\n";
            }
            out.print("\n]\n");
        }
    }

    public static void main(String[] args) throws Exception {
        clientRecords();
        multis();
        quorumRecords();
        txns();
        write(args[0], "records.json", OUT);
        write(args[0], "election.json", election());
        write(args[0], "passwords.json", passwords());
        write(args[0], "digests.json", digests());
        write(args[0], "digest-auth.json", digestAuth());
    }

    private static void clientRecords() throws IOException {
        add("request header of a create", new RequestHeader(1, 1));
        add("request header of a ping", new RequestHeader(-2, 11));
        add("request header with the largest xid", new RequestHeader(Integer.MAX_VALUE, -11));
        add("reply header", new ReplyHeader(7, 0x10000000fL, 0));
        add("reply header of an error", new ReplyHeader(8, 0x10000000fL, -101));
        add("reply header of a notification", new ReplyHeader(-1, -1L, 0));
        add("connect request of a new session",
            new ConnectRequest(0, 0L, 30000, 0L, new byte[16], false));
        add("connect request of a re-attach, read-only allowed",
            new ConnectRequest(0, 0x20000002aL, 40000, 0x100012345678abcdL, password(0x100012345678abcdL), true));
        add("connect request with a null password", new ConnectRequest(0, 0L, 1, 0L, null, false));
        add("connect response", new ConnectResponse(0, 30000, 0x100012345678abcdL, password(0x100012345678abcdL), false));
        add("connect response of a refused session", new ConnectResponse(0, 0, 0L, new byte[16], false));
        add("connect response of a read-only server", new ConnectResponse(0, 4000, 1L, password(1L), true));

        add("create", new CreateRequest("/a", utf8("hello"), OPEN, 0));
        add("create with two acls, ephemeral sequential", new CreateRequest("/a/b-", utf8("x"), TWO, 3));
        add("create with null data and no acl", new CreateRequest("/a", null, Collections.emptyList(), 1));
        add("create with everything null", new CreateRequest(null, null, null, 2));
        add("create with letters beyond ASCII", new CreateRequest("/\u00e4\u20ac", utf8("\u00e4"), OPEN, 0));
        add("create with a supplementary letter (two surrogates, three bytes each)",
            new CreateRequest("/\ud83d\ude00", new byte[0], OPEN, 0));
        add("create container", new CreateRequest("/c", new byte[0], OPEN, 4));
        add("create with ttl", new CreateTTLRequest("/t", utf8("ttl"), OPEN, 5, 86400000L));
        add("create sequential with the largest ttl", new CreateTTLRequest("/t-", null, OPEN, 6, 0xffffffffffL));
        add("delete", new DeleteRequest("/a", 3));
        add("delete of any version", new DeleteRequest("/a/b", -1));
        add("exists", new ExistsRequest("/a", false));
        add("exists with a watch", new ExistsRequest("/a", true));
        add("getData", new GetDataRequest("/a", false));
        add("getData with a watch", new GetDataRequest("/a", true));
        add("setData", new SetDataRequest("/a", utf8("new"), 2));
        add("setData to null", new SetDataRequest("/a", null, -1));
        add("getACL", new GetACLRequest("/a"));
        add("setACL", new SetACLRequest("/a", TWO, 1));
        add("getChildren", new GetChildrenRequest("/", true));
        add("getChildren2", new GetChildren2Request("/", false));
        add("sync", new SyncRequest("/a"));
        add("check", new CheckVersionRequest("/a", 4));
        add("reconfig incremental", new ReconfigRequest("server.4=h4:2888:3888:participant;2181", "2,3", null, -1L));
        add("reconfig full", new ReconfigRequest(null, null, "server.1=h1:2888:3888;2181", 0x100000007L));
        add("checkWatches", new CheckWatchesRequest("/a", 3));
        add("removeWatches", new RemoveWatchesRequest("/a", 1));
        add("getEphemerals", new GetEphemeralsRequest("/"));
        add("getAllChildrenNumber", new GetAllChildrenNumberRequest("/a"));
        add("addWatch persistent", new AddWatchRequest("/a", 0));
        add("addWatch recursive", new AddWatchRequest("/a", 1));
        add("auth", new AuthPacket(0, "digest", utf8("bob:secret")));
        add("auth without data", new AuthPacket(0, "ip", null));
        add("sasl", new GetSASLRequest(new byte[0]));
        add("setWatches", new SetWatches(0x100000005L, Arrays.asList("/a", "/b"), Collections.singletonList("/x"),
            Collections.emptyList()));
        add("setWatches2", new SetWatches2(0x100000005L, Arrays.asList("/a", "/b"), Collections.singletonList("/x"),
            Collections.emptyList(), Collections.singletonList("/p"), Arrays.asList("/r", "/s")));
        add("setWatches with null lists", new SetWatches(1L, null, null, null));

        add("watch event created", new WatcherEvent(1, 3, "/a"));
        add("watch event deleted", new WatcherEvent(2, 3, "/a"));
        add("watch event data changed", new WatcherEvent(3, 3, "/a"));
        add("watch event children changed", new WatcherEvent(4, 3, "/"));

        add("create response", new CreateResponse("/a/b-0000000003"));
        add("create2 response", new Create2Response("/a", STAT));
        add("exists response", new ExistsResponse(STAT));
        add("exists response with edge values", new ExistsResponse(STAT_EDGES));
        add("getData response", new GetDataResponse(utf8("hello world"), STAT));
        add("getData response with null data", new GetDataResponse(null, STAT));
        add("setData response", new SetDataResponse(STAT));
        add("getACL response", new GetACLResponse(TWO, STAT));
        add("setACL response", new SetACLResponse(STAT));
        add("getChildren response", new GetChildrenResponse(Arrays.asList("zookeeper", "a")));
        add("getChildren response of a childless node", new GetChildrenResponse(Collections.emptyList()));
        add("getChildren2 response", new GetChildren2Response(Arrays.asList("zookeeper", "a"), STAT));
        add("sync response", new SyncResponse("/a"));
        add("error response", new ErrorResponse(-101));
        add("getEphemerals response", new GetEphemeralsResponse(Arrays.asList("/a/e1", "/a/e2")));
        add("getAllChildrenNumber response", new GetAllChildrenNumberResponse(42));
        add("whoAmI response", new WhoAmIResponse(Arrays.asList(
            new ClientInfo("ip", "127.0.0.1"), new ClientInfo("digest", "bob"))));
        add("sasl response", new SetSASLResponse(new byte[] {1, 2}));
        add("stat", STAT);
        add("stat persisted", PERSISTED);
        add("acl", TWO.get(1));
    }

    private static void multis() throws IOException {
        MultiOperationRecord all = new MultiOperationRecord(Arrays.asList(
            Op.check("/a", 1),
            Op.create("/a/b", utf8("one"), OPEN, 0),
            Op.create("/a/c", utf8("two"), OPEN, CreateMode.CONTAINER.toFlag()),
            Op.create("/a/t", utf8("three"), OPEN, CreateMode.PERSISTENT_WITH_TTL, 5000L),
            Op.setData("/a", utf8("four"), -1),
            Op.delete("/a/b", 0)));
        add("multi of every write kind", all);
        add("multi without operations", new MultiOperationRecord());
        add("multiRead", new MultiOperationRecord(Arrays.asList(Op.getData("/a"), Op.getChildren("/"))));
        add("multi header", new MultiHeader(1, false, -1));
        add("multi header at the end", new MultiHeader(-1, true, -1));

        MultiResponse ok = new MultiResponse();
        ok.add(new OpResult.CheckResult());
        ok.add(new OpResult.CreateResult("/a/b"));
        ok.add(new OpResult.CreateResult("/a/c", STAT));
        ok.add(new OpResult.SetDataResult(STAT));
        ok.add(new OpResult.DeleteResult());
        add("multi response of every write kind", ok);
        MultiResponse failed = new MultiResponse();
        failed.add(new OpResult.ErrorResult(0));
        failed.add(new OpResult.ErrorResult(-103));
        failed.add(new OpResult.ErrorResult(-2));
        add("multi response of a failed multi", failed);
        MultiResponse read = new MultiResponse();
        read.add(new OpResult.GetDataResult(utf8("hello"), STAT));
        read.add(new OpResult.GetChildrenResult(Arrays.asList("x", "y")));
        read.add(new OpResult.ErrorResult(-101));
        add("multiRead response", read);
        add("multi response without results", new MultiResponse());
    }

    private static void quorumRecords() throws IOException {
        add("quorum packet without data", new QuorumPacket(4, 0x100000009L, null, null));
        add("quorum packet with empty data", new QuorumPacket(5, 0x100000009L, new byte[0], null));
        add("quorum packet with data and ids", new QuorumPacket(1, -1L, utf8("request"),
            Arrays.asList(new Id("ip", "127.0.0.1"), new Id("digest", "bob:hash"))));
        add("quorum packet with no ids", new QuorumPacket(1, -1L, utf8("request"), Collections.emptyList()));
        add("learner info", new LearnerInfo(3L, 0x10000, 0x100000007L));
        add("quorum auth packet", new QuorumAuthPacket(-0xA0DBCAFECAFE1234L, 0, utf8("token")));
        add("log file header", new FileHeader(0x5A4B4C47, 2, 0L));
        add("snapshot file header", new FileHeader(0x5A4B534E, 2, -1L));
    }

    private static void txns() throws IOException {
        add("txn header", new TxnHeader(0x100012345678abcdL, 9, 0x100000004L, 1700000000123L, 1));
        add("txn digest", new TxnDigest(2, 0x123456789aL));
        add("create txn", new CreateTxn("/a", utf8("hello"), OPEN, false, 4));
        add("create txn of an ephemeral without data", new CreateTxn("/e", null, TWO, true, 1));
        add("create txn of old servers", new CreateTxnV0("/a", utf8("hello"), OPEN, false));
        add("create container txn", new CreateContainerTxn("/c", utf8("box"), OPEN, 2));
        add("create ttl txn", new CreateTTLTxn("/t", utf8("ttl"), OPEN, 3, 86400000L));
        add("delete txn", new DeleteTxn("/a"));
        add("setData txn", new SetDataTxn("/a", utf8("new"), 4));
        add("setData txn to null", new SetDataTxn("/a", null, 5));
        add("setACL txn", new SetACLTxn("/a", TWO, 2));
        add("check txn", new CheckVersionTxn("/a", 4));
        add("create session txn", new CreateSessionTxn(30000));
        add("close session txn", new CloseSessionTxn(Arrays.asList("/e1", "/e2")));
        add("close session txn without ephemerals", new CloseSessionTxn(Collections.emptyList()));
        add("error txn", new ErrorTxn(-101));
        add("multi txn", new MultiTxn(Arrays.asList(
            new Txn(13, bytes(new CheckVersionTxn("/a", 1))),
            new Txn(1, bytes(new CreateTxn("/a/b", utf8("one"), OPEN, false, 1))),
            new Txn(5, bytes(new SetDataTxn("/a", utf8("four"), 2))),
            new Txn(2, bytes(new DeleteTxn("/a/b"))))));
        add("multi txn of a failed multi", new MultiTxn(Arrays.asList(
            new Txn(1, bytes(new CreateTxn("/a/b", utf8("one"), OPEN, false, 1))),
            new Txn(-1, bytes(new ErrorTxn(-103))),
            new Txn(-1, bytes(new ErrorTxn(-2))))));
    }

    private static Object notification(String name, byte[] hex, Object... fields) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("name", name);
        for (int i = 0; i < fields.length; i += 2) {
            entry.put((String) fields[i], fields[i + 1]);
        }
        entry.put("hex", JsonArchive.hex(hex));
        return entry;
    }

    private static List<Object> election() {
        String config = "server.1=127.0.0.1:2888:3888:participant;127.0.0.1:2181\n"
            + "server.2=127.0.0.1:2889:3889:participant;127.0.0.1:2182\nversion=0";
        List<Object> out = new ArrayList<>();
        out.add(notification("looking, voting for itself",
            ElectionBytes.notification(0, 2L, 0x100000005L, 3L, 1L, utf8(config)),
            "state", 0, "leader", "2", "zxid", "4294967301", "electionEpoch", "3", "peerEpoch", "1", "version", 2,
            "config", config));
        out.add(notification("an observer, whose vote never counts",
            ElectionBytes.notification(0, Long.MIN_VALUE, Long.MIN_VALUE, 1L, Long.MIN_VALUE, utf8(config)),
            "state", 0, "leader", Long.toString(Long.MIN_VALUE), "zxid", Long.toString(Long.MIN_VALUE),
            "electionEpoch", "1", "peerEpoch", Long.toString(Long.MIN_VALUE), "version", 2, "config", config));
        out.add(notification("leading, without a configuration",
            ElectionBytes.notification(2, 3L, 0x200000000L, 9L, 2L, new byte[0]),
            "state", 2, "leader", "3", "zxid", "8589934592", "electionEpoch", "9", "peerEpoch", "2", "version", 2,
            "config", ""));
        out.add(notification("version 1, which has no configuration",
            ElectionBytes.notificationV1(1, 3L, 0x200000001L, 9L, 2L),
            "state", 1, "leader", "3", "zxid", "8589934593", "electionEpoch", "9", "peerEpoch", "2", "version", 1));
        return out;
    }

    private static byte[] password(long sessionId) {
        byte[] password = new byte[16];
        new Random(sessionId ^ 0XB3415C00L).nextBytes(password);
        return password;
    }

    private static List<Object> passwords() {
        List<Object> out = new ArrayList<>();
        for (long id : new long[] {1L, 0L, -1L, 0x100012345678abcdL, 0x0300018fabcd0001L, 0xfe00018fabcd0002L,
            Long.MAX_VALUE, Long.MIN_VALUE, 0xB3415C00L, 0x1000000000000L, 0x5DEECE66DL}) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("sessionId", Long.toString(id));
            entry.put("sessionIdHex", "0x" + Long.toHexString(id));
            entry.put("password", JsonArchive.hex(password(id)));
            out.add(entry);
        }
        return out;
    }

    private static Object digest(String path, byte[] data, StatPersisted stat) throws IOException {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("path", path);
        entry.put("data", JsonArchive.hex(data));
        entry.put("stat", JsonArchive.show(stat));
        entry.put("digest", Long.toString(NodeDigest.of(path, data, stat)));
        return entry;
    }

    private static List<Object> digests() throws IOException {
        StatPersisted zero = new StatPersisted();
        StatPersisted edges = new StatPersisted(Long.MAX_VALUE, -1L, 0L, Long.MIN_VALUE, Integer.MAX_VALUE,
            Integer.MIN_VALUE, -1, Long.MIN_VALUE, 0xffffffffL);
        List<Object> out = new ArrayList<>();
        out.add(digest("/a", utf8("hello"), PERSISTED));
        out.add(digest("/a", null, PERSISTED));
        out.add(digest("/a", new byte[0], PERSISTED));
        out.add(digest("", new byte[0], zero));
        out.add(digest("/", new byte[0], zero));
        out.add(digest("/", utf8("root"), edges));
        out.add(digest("/zookeeper", new byte[0], zero));
        out.add(digest("/zookeeper/", new byte[0], zero));
        out.add(digest("/zookeeper/config", utf8("version=0"), PERSISTED));
        out.add(digest("/zookeeperx", new byte[0], zero));
        out.add(digest("/\u00e4\u20ac", utf8("\u00e4"), edges));
        return out;
    }

    private static List<Object> digestAuth() throws Exception {
        List<Object> out = new ArrayList<>();
        for (String id : new String[] {"bob:secret", "super:admin", "a:", "\u00e4:\u20ac", "a:b:c"}) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("plain", id);
            entry.put("id", DigestAuthenticationProvider.generateDigest(id));
            out.add(entry);
        }
        return out;
    }
}
