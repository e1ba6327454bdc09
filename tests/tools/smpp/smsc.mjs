// A message centre on 127.0.0.1:<port>. Prints what it gets, one JSON object per line. The last two
// digits of a number say what becomes of a message: see `fates`.
import smpp from "smpp";

const say = (what) => console.log(JSON.stringify(what));
const receipt = (id, state) => ({
  source_addr: "420601000000", destination_addr: "THiNX", esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
  short_message: `id:${id} sub:001 dlvrd:001 submit date:2611220100 done date:2611220101 stat:${state} err:000 text:`,
});
let last = 0;
const take = (session, pdu) => {
  const message_id = `m${++last}`;
  session.send(pdu.response({ message_id }));
  return message_id;
};
const refuse = (status) => (session, pdu) => session.send(pdu.response({ command_status: status }));
const fates = {
  11: refuse(smpp.ESME_RINVDSTADR),
  20: (session, pdu) => session.deliver_sm(receipt(take(session, pdu), "DELIVRD")),
  21: (session, pdu) => session.deliver_sm(receipt(take(session, pdu), "UNDELIV")),
  // Others talk first: a receipt of an older message, a message from a phone, a sign of life.
  30: (session, pdu) => {
    session.deliver_sm(receipt("older", "UNDELIV"));
    session.deliver_sm({ source_addr: "420601000000", destination_addr: "THiNX", short_message: "STOP" });
    session.enquire_link(() => take(session, pdu));
  },
  58: refuse(smpp.ESME_RTHROTTLED),
  90: (session) => session.destroy(),
  91: () => {},
  92: (session) => session.unbind(),
};

const server = smpp.createServer((session) => {
  session.on("error", () => {});
  session.on("bind_transceiver", (pdu) => {
    const { system_id, password, system_type } = pdu;
    say({ bind: system_id, system_type });
    if (system_id === "busy") session.send(pdu.response({ command_status: smpp.ESME_RALYBND }));
    else if (password !== "letmein") session.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
    else session.send(pdu.response({ system_id: "smsc" }));
  });
  session.on("submit_sm", (pdu) => {
    const { message, udh } = pdu.short_message;
    say({
      submit: pdu.destination_addr, ton: pdu.dest_addr_ton, from: pdu.source_addr, from_ton: pdu.source_addr_ton,
      text: message, head: udh?.length ? Buffer.concat(udh.map((part) => Buffer.from(part))).toString("hex") : "",
      coding: pdu.data_coding, receipt: pdu.registered_delivery,
    });
    (fates[pdu.destination_addr.slice(-2)] ?? take)(session, pdu);
  });
  session.on("deliver_sm_resp", (pdu) => say({ delivered: pdu.sequence_number }));
  session.on("unbind", (pdu) => {
    say({ unbind: true });
    session.send(pdu.response());
    session.close();
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => say({ ready: true }));
