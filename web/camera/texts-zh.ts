import type { Texts } from './texts.ts';

export const chinese: Texts = {
  lang: 'zh',
  name: '拍摄面部照片',
  idle: { title: '拍摄面部照片', text: '拍照需要使用摄像头。' },
  tips: ['面向光源', '摘下帽子和墨镜', '将设备举至与眼睛平齐'],
  privacy: '拍完后会立即关闭摄像头。',
  hidden: { title: '摄像头已关闭', text: '您离开了页面。请重新打开摄像头继续拍摄。' },
  asking: { title: '等待您的授权', text: '浏览器正在询问是否允许使用摄像头，请选择“允许”。' },
  taking: '请保持不动',
  done: { title: '拍摄完成', text: '摄像头已关闭。' },
  uploading: { title: '正在发送照片', text: '请稍候。' },
  sent: { title: '照片已发送', text: '已全部完成，摄像头已关闭。' },
  again: { title: '请重新拍摄', text: '这些照片无法使用。' },
  ended: { title: '未能完成', text: '照片无法使用，且已没有重试机会。' },
  picture: '第 {n} 张照片',
  readyForButton: '很好，请点击拍摄',
  buttons: { start: '打开摄像头', take: '拍摄', cancel: '取消', again: '重新拍摄', retry: '重试' },
  hints: {
    no_signal: '摄像头没有画面，是否被遮挡或占用？',
    too_dark: '光线太暗，请到明亮处',
    no_face: '请将面部对准椭圆框',
    several_faces: '画面中只能有一张脸',
    too_far: '请靠近一些',
    too_close: '请离远一些',
    off_centre: '请将面部移到中间',
    too_bright: '光线太强，请避开强光',
    backlit: '您背对光源，请转身',
    moving: '请保持不动',
    blurred: '画面模糊，请擦拭镜头',
    ready: '很好，请保持不动',
  },
  refusals: {
    insecure_context: {
      title: '页面连接不安全',
      text: '浏览器只允许 https 页面使用摄像头，请用 https 地址打开本页面。',
    },
    not_supported: {
      title: '此浏览器无法使用摄像头',
      text: '请改用 Safari、Chrome、Edge 或 Firefox 打开本页面。',
    },
    blocked_by_policy: {
      title: '摄像头被网站禁用',
      text: '嵌入本页面的网站不允许使用摄像头，请联系网站运营方。',
    },
    denied: {
      title: '未允许使用摄像头',
      text: '请点击地址栏旁的图标或打开网站设置，允许本页面使用摄像头，然后重试。',
    },
    denied_by_system: {
      title: '系统禁止使用摄像头',
      text: '请在设备的隐私设置中允许此浏览器使用摄像头，然后重试。',
    },
    dismissed: { title: '未允许使用摄像头', text: '请重试，并在浏览器询问时选择“允许”。' },
    no_camera: { title: '未找到摄像头', text: '请连接摄像头，或用手机打开本页面，然后重试。' },
    camera_in_use: {
      title: '摄像头无法启动',
      text: '摄像头可能被其他程序占用。请关闭视频通话和相机应用，然后重试。',
    },
    camera_unsuitable: {
      title: '此摄像头不适用',
      text: '请更换摄像头，或用手机打开本页面，然后重试。',
    },
    canvas_blocked: {
      title: '浏览器阻止读取画面',
      text: '隐私设置不允许本页面读取画面（canvas）。请为本页面放行，或换用其他浏览器。',
    },
    no_picture: { title: '摄像头没有画面', text: '请检查摄像头是否被遮挡或关闭，然后重试。' },
    failed: { title: '摄像头无法启动', text: '请重试，或换用其他浏览器打开本页面。' },
  },
  errors: {
    camera_lost: { title: '摄像头已断开', text: '摄像头被拔出或被收回，请重试。' },
    camera_muted: {
      title: '摄像头没有画面',
      text: '请检查摄像头开关和遮挡，以及是否正在通话，然后重试。',
    },
    no_frames: { title: '摄像头停止工作', text: '没有收到新的画面，请重试。' },
    encoding_failed: { title: '照片无法保存', text: '请关闭其他页面和程序，然后重试。' },
    upload_failed: { title: '照片未能发送', text: '请检查网络连接，然后重试。' },
    session_over: { title: '已超时', text: '此处不再接收照片，请重新载入页面后再试。' },
  },
};
