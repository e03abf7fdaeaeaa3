"""The words of the domain as a notice says them."""

from shared.events import Certificate, Education, Post, PostPath, Rating, SeparationReason
from shared.events import Channel as Admission

POSTS = {Post.HEAD: "正职", Post.DEPUTY: "副职", Post.MEMBER: "委员", Post.DEDICATED: "专职工作人员"}
ADMISSIONS = {
    Admission.EXAM: "公开招考",
    Admission.CONVERSION: "考核转聘",
    Admission.ELECTION: "选举",
    Admission.APPOINTMENT: "任命",
    Admission.LEGACY: "原在岗",
}
PATHS = {PostPath.ELECTION: "选举", PostPath.SELECTION: "竞聘", PostPath.APPOINTMENT: "任命"}
RATINGS = {Rating.EXCELLENT: "优秀", Rating.COMPETENT: "合格", Rating.MARGINAL: "基本合格", Rating.UNFIT: "不合格"}
CERTIFICATES = {
    Certificate.ASSISTANT: "助理社会工作师",
    Certificate.SOCIAL_WORKER: "社会工作师",
    Certificate.SENIOR: "高级社会工作师",
}
EDUCATIONS = {
    Education.HIGH_SCHOOL: "高中",
    Education.COLLEGE: "大专",
    Education.BACHELOR: "本科",
    Education.MASTER: "硕士",
    Education.DOCTOR: "博士",
}
REASONS = {
    SeparationReason.RESIGNED: "辞职",
    SeparationReason.RETIRED: "退休",
    SeparationReason.DISMISSED: "辞退",
    SeparationReason.PROBATION_FAILED: "试用期考核不合格",
    SeparationReason.TERM_ENDED: "任期届满",
    SeparationReason.CIVIL_SERVICE: "考录公务员或事业单位",
    SeparationReason.NOT_CONVERTED: "未转聘",
    SeparationReason.DECEASED: "去世",
}
