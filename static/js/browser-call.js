// Joins the call that the page was opened for, with the microphone, when somebody presses the button.
(function () {
  "use strict";
  var box = document.getElementById("browser-call");
  var said = box.querySelector("[data-said]");
  var join = box.querySelector("[data-join]");
  var leave = box.querySelector("[data-leave]");
  var kit = window.LivekitClient;
  var room = null;
  var isJoined = false;

  function say(word, joining, leaving) {
    said.textContent = box.dataset[word];
    join.hidden = !joining;
    leave.hidden = !leaving;
  }

  function listen(track) {
    if (track.kind === kit.Track.Kind.Audio) box.appendChild(track.attach());
  }

  function part() {
    var left = room;
    room = null;
    if (left) left.disconnect();
  }

  function talk() {
    isJoined = true;
    return room.localParticipant.setMicrophoneEnabled(true).then(function () {
      say("joined", false, true);
    }, function () {
      part();
      say("deaf", true, false);
    });
  }

  join.addEventListener("click", function () {
    say("joining", false, true);
    isJoined = false;
    room = new kit.Room();
    var mine = room;
    room.on(kit.RoomEvent.TrackSubscribed, listen);
    room.on(kit.RoomEvent.Disconnected, function () {
      // A call that is never reached is said to be over as well, before it is said that it was not reached.
      if (room !== mine || !isJoined) return;
      room = null;
      say("over", false, false);
    });
    room.connect(box.dataset.server, box.dataset.token).then(talk, function () {
      if (room !== mine) return;
      room = null;
      say("refused", true, false);
    });
  });

  leave.addEventListener("click", function () {
    part();
    say("over", false, false);
  });
  window.addEventListener("pagehide", part);
  join.hidden = false;
})();
