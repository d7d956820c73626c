package interop;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.jute.BinaryInputArchive;
import org.apache.jute.Record;
import org.apache.zookeeper.server.TxnLogEntry;
import org.apache.zookeeper.server.util.SerializeUtils;
import org.apache.zookeeper.txn.CheckVersionTxn;
import org.apache.zookeeper.txn.CreateContainerTxn;
import org.apache.zookeeper.txn.CreateTTLTxn;
import org.apache.zookeeper.txn.CreateTxn;
import org.apache.zookeeper.txn.DeleteTxn;
import org.apache.zookeeper.txn.ErrorTxn;
import org.apache.zookeeper.txn.MultiTxn;
import org.apache.zookeeper.txn.SetDataTxn;
import org.apache.zookeeper.txn.Txn;

/** Shows the payload of one log record (or PROPOSAL) as a tree: header, txn, digest, and a multi's parts decoded. */
final class Txns {
    private Txns() {
    }

    static Map<String, Object> show(byte[] payload) throws IOException {
        TxnLogEntry entry = SerializeUtils.deserializeTxn(payload);
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("header", JsonArchive.show(entry.getHeader()));
        out.put("record", entry.getTxn() == null ? null : entry.getTxn().getClass().getSimpleName());
        out.put("txn", JsonArchive.show(entry.getTxn()));
        if (entry.getTxn() instanceof MultiTxn) {
            List<Object> parts = new ArrayList<>();
            for (Txn part : ((MultiTxn) entry.getTxn()).getTxns()) {
                Record record = empty(part.getType());
                record.deserialize(BinaryInputArchive.getArchive(new ByteArrayInputStream(part.getData())), "txn");
                Map<String, Object> shown = new LinkedHashMap<>();
                shown.put("type", part.getType());
                shown.put("record", record.getClass().getSimpleName());
                shown.put("txn", JsonArchive.show(record));
                parts.add(shown);
            }
            out.put("parts", parts);
        }
        out.put("digest", JsonArchive.show(entry.getDigest()));
        return out;
    }

    private static Record empty(int type) throws IOException {
        switch (type) {
            case 1:
            case 15:
                return new CreateTxn();
            case 19:
                return new CreateContainerTxn();
            case 21:
                return new CreateTTLTxn();
            case 2:
            case 20:
                return new DeleteTxn();
            case 5:
                return new SetDataTxn();
            case 13:
                return new CheckVersionTxn();
            case -1:
                return new ErrorTxn();
            default:
                throw new IOException("no part of a multi has type " + type);
        }
    }
}
